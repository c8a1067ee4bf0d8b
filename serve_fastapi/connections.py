"""What a slow, broken or hostile connection may do to uvicorn: its protocol, with limits that it leaves to a proxy."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

# Proxies let through less: nginx 32 KiB by default.
MAX_HEADER_BYTES = 64 * 1024
MAX_PIPELINED_REQUESTS = 16

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PROBED_EVERY_S = 0.1


class Refused(ValueError):
    """Raised through the parser, which makes an error of its own of it."""


class LimitedProtocol(HttpToolsProtocol):
    """Headers have a limit in size and time, answers one in time; what has come whole is answered, whatever follows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_in_headers = False
        self._headers_due: asyncio.TimerHandle | None = None
        self._answer_taken_due: asyncio.TimerHandle | None = None
        self._n_header_bytes = 0  # trailers included
        self._n_held_bytes = 0  # that the parser keeps to itself until they are a whole header
        self._is_ending = False
        self._client_has_ended = False
        self._answering: RequestResponseCycle | None = None  # `cycle` is the newest of those behind it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._await_no_headers()
        self._await_no_reader()
        if self._answering and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_ending:
            return
        self._n_held_bytes += len(data)
        super().data_received(data)
        if self._is_ending:
            return
        if self._n_held_bytes > MAX_HEADER_BYTES:
            self.send_400_response("")
        if self._is_in_headers or self.cycle is None or self.cycle.response_complete:
            self._await_headers()

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that closes its sending half behind a request still waits for the answer."""
        self._client_has_ended = True
        is_kept = self._end_behind_what_is_due()
        if is_kept:
            self._probe_the_other_half()
        return is_kept

    def on_message_begin(self) -> None:
        self._n_header_bytes = self._n_held_bytes = 0
        if len(self.pipeline) >= MAX_PIPELINED_REQUESTS:
            raise Refused
        super().on_message_begin()
        self._is_in_headers = True

    def on_header(self, name: bytes, value: bytes) -> None:
        value = value.rstrip(b" \t")  # RFC 9110, 5.5: not of the value; the parser leaves it there
        self._n_header_bytes += len(name) + len(value)
        self._n_held_bytes = 0
        if self._n_header_bytes > MAX_HEADER_BYTES:
            raise Refused
        # Trailers of a chunked body come here, too, when the application may have read the headers already.
        if self._is_in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_headers = False
        self._await_no_headers()
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        self._n_held_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        state = self.scope["state"]
        # A short body is there before the application runs, which need not time it then.
        state["body_has_come"] = True
        state["in_progress"] = self.tasks  # of all connections
        super().on_message_complete()

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if not (self._is_ending and is_last):
            return
        if self._client_has_ended:
            self.transport.close()
        else:
            # Closed now, the connection would be reset by what the client still sends, the answer with it. Who does not
            # close in turn has as much time for that as for a request's headers.
            self.transport.write_eof()
            self._await_headers()

    def send_400_response(self, msg: str) -> None:
        if self._end_behind_what_is_due():
            return
        if max(self._n_header_bytes, self._n_held_bytes) > MAX_HEADER_BYTES:
            self.transport.write(STATUS_LINE[431] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._answer_taken_due = self.loop.call_later(self.app_state["read_s"], self.transport.abort)

    def resume_writing(self) -> None:
        self._await_no_reader()
        super().resume_writing()

    def _unsupported_upgrade_warning(self) -> None:
        # The parser takes the body for the other protocol's. Read as HTTP it would be the next request.
        self._end_behind_what_is_due()

    def _end_behind_what_is_due(self) -> bool:
        """Answer the requests that have come whole, then close; false where there are none."""
        newest = self.cycle
        if newest is None or newest.response_complete:
            return False
        if newest.more_body:
            if not self.pipeline:
                return False
            self.pipeline.popleft()
            self.cycle = self.pipeline[0][0] if self.pipeline else self._answering  # type: ignore[assignment]
        self._is_ending = True
        return True

    def _probe_the_other_half(self) -> None:
        """A client that has closed both looks the same, but resets the connection when it is sent something.

        What is sent next fails then, and the request learns that its client left. One that is there skips the response.
        """
        newest = self.cycle
        if self.pipeline or newest is None or newest.response_started or newest.disconnected:
            return
        if newest.scope["http_version"] == "1.1":
            self.transport.write(CONTINUE)
            self.loop.call_later(PROBED_EVERY_S, self._probe_the_other_half)

    def _await_headers(self) -> None:
        if not self._headers_due:
            self._headers_due = self.loop.call_later(self.app_state["read_s"], self._headers_have_not_come)

    def _await_no_headers(self) -> None:
        if self._headers_due:
            self._headers_due.cancel()
            self._headers_due = None

    def _headers_have_not_come(self) -> None:
        self._headers_due = None
        if not self._end_behind_what_is_due():
            self.transport.close()

    def _await_no_reader(self) -> None:
        if self._answer_taken_due:
            self._answer_taken_due.cancel()
            self._answer_taken_due = None
