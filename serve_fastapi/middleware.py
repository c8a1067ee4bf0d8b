"""Around every request: its id, HEAD answered as GET, bugs answered as 500, one count and one line at its end."""

from __future__ import annotations

import asyncio
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_core.access import AccessLog
from serve_core.logs import begin_request
from serve_core.problems import InternalError
from serve_core.requests import MAX_DISCARDED_BYTES, request_id_of

from .errors import problem_response


class RequestMiddleware:
    """Plain ASGI: Starlette's `BaseHTTPMiddleware` would wrap every answer in a task of its own."""

    def __init__(self, app: ASGIApp, access_log: AccessLog, read_s: float) -> None:
        self._app = app
        self._access_log = access_log
        self._read_s = read_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = perf_counter()
        # An id sent twice is joined (RFC 9110, 5.3), and is no usable id then.
        ids = [value for name, value in scope["headers"] if name == b"x-request-id"]
        request_id = request_id_of(b",".join(ids).decode("latin-1"))
        begin_request(request_id)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        method = scope["method"]
        if method == "HEAD":  # the server, which has its own scope, drops the body of the answer
            scope = {**scope, "method": "GET"}
        # Starlette's patterns also match before a last newline, which no path has.
        scope["path"] = scope["path"].replace("\n", "\0")
        body = _TimedBody(receive, self._read_s, has_come=state.get("body_has_come", False))
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", request_id.encode())]
                await body.read_to_the_end()
                if not body.is_whole:
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, body.receive, send_with_id)
        except Exception as error:  # the edge of the application: a bug is answered and logged
            failure = InternalError()
            failure.__cause__ = error
            response = problem_response(failure, request_id)
            if not status:
                await response(scope, body.receive, send_with_id)
        finally:
            if status:  # else the client or the server went before there was an answer
                self._access_log.finished(route=_template(scope, status), method=method, status=status, started=started)


class _TimedBody:
    """The body of a request for as long as it may take to arrive; then it is as if the client had gone."""

    def __init__(self, receive: Receive, read_s: float, *, has_come: bool) -> None:
        self.is_whole = False
        self._receive = receive
        self._due_s = None if has_come else asyncio.get_running_loop().time() + read_s
        self._has_ended = False

    async def receive(self) -> Message:
        if self._due_s is None or self._has_ended:
            message = await self._receive()
        else:
            try:
                async with asyncio.timeout_at(self._due_s):
                    message = await self._receive()
            except TimeoutError:
                message = {"type": "http.disconnect"}
        self._has_ended = not message.get("more_body", False)
        self.is_whole = self.is_whole or (self._has_ended and message["type"] == "http.request")
        return message

    async def read_to_the_end(self) -> None:
        """A client that is still sending would see a broken connection instead of an early answer."""
        n_bytes = 0
        while not self._has_ended and n_bytes < MAX_DISCARDED_BYTES:
            n_bytes += len((await self.receive()).get("body", b""))


def _template(scope: Scope, status: int) -> str | None:
    # A path that exists answers 405 to a wrong method, but it is no route that answers.
    if "endpoint" not in scope or status == 405:
        return None
    # FastAPI's own routes (/openapi.json) are Starlette's, which do not name themselves: they have no parameters.
    path: str = scope["route"].path if "route" in scope else scope["path"]
    return path
