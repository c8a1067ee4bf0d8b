"""What a connection may do to uvicorn: its protocol, with limits and answers that it leaves to a proxy."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

# Proxies let through less: nginx 32 KiB by default.
MAX_HEADER_BYTES = 64 * 1024


class HeadersTooLarge(ValueError):
    """Raised through the parser, which makes an error of its own of it."""


class LimitedProtocol(HttpToolsProtocol):
    """Headers have a limit in size and time; an answer that is due reaches a client whose connection goes on badly."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._headers_due: asyncio.TimerHandle | None = None
        self._n_header_bytes = 0  # of those that the parser has handed out
        self._n_received_bytes = 0  # while there were headers to come: the parser keeps one to itself until it is whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._await_no_headers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        headers_due = self._headers_due
        super().data_received(data)
        if headers_due and headers_due is self._headers_due:
            self._n_received_bytes += len(data)
            if self._are_headers_too_large():
                self.send_400_response("")

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that closes its sending half behind a request still waits for the answer."""
        if not self._is_answering():
            return False
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._n_header_bytes = self._n_received_bytes = 0
        self._await_headers()

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers of a chunked body come here, too, when the application may have read the headers already.
        if self._headers_due:
            self._n_header_bytes += len(name) + len(value)
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._are_headers_too_large():
            raise HeadersTooLarge
        self._await_no_headers()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        if self._are_headers_too_large():
            self.transport.write(STATUS_LINE[431] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()
        elif self._is_answering():
            # What cannot be read stands behind a request that was: that one is answered, and nothing after it.
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        else:
            super().send_400_response(msg)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete

    def _are_headers_too_large(self) -> bool:
        return max(self._n_header_bytes, self._n_received_bytes) > MAX_HEADER_BYTES

    def _await_headers(self) -> None:
        if not self._headers_due:
            self._headers_due = self.loop.call_later(self.app_state["read_s"], self.transport.close)

    def _await_no_headers(self) -> None:
        if self._headers_due:
            self._headers_due.cancel()
            self._headers_due = None
