"""Surrounds every request: sets its id, answers bugs, counts and logs it at its end."""

from __future__ import annotations

from inspect import isawaitable
from time import perf_counter

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_core.service import Service
from serve_core.telemetry.access import AccessLog, begin_request
from serve_core.wire.problems import NotFound

from .errors import problem_response


class RequestMiddleware:
    """Plain ASGI, because Starlette's `BaseHTTPMiddleware` runs every answer in a task of its own."""

    def __init__(self, app: ASGIApp, service: Service, access_log: AccessLog) -> None:
        self._app = app
        self._service = service
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = perf_counter()
        # Two ids are joined (RFC 9110, 5.3), which is no well-formed id.
        ids = [value for name, value in scope["headers"] if name == b"x-request-id"]
        request_id = begin_request(b",".join(ids).decode("latin-1"))
        # Starlette's patterns also match before a final newline.
        app = problem_response(NotFound()) if scope["path"].endswith("\n") else self._app
        status = 0
        may_have_more = True

        async def receive_part() -> Message:
            nonlocal may_have_more
            message = await receive()
            may_have_more = message.get("more_body", False)
            return message

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message["headers"])
                if all(name != b"x-request-id" for name, _ in headers):  # a mounted application may have its own
                    headers.append((b"x-request-id", request_id.encode()))
                if self._service.is_draining:  # the client then connects to another instance
                    headers.append((b"connection", b"close"))
                if self._service.is_draining or _asks_to_close(scope):
                    while may_have_more:  # a connection that is closed with unread bytes loses the answer
                        await receive_part()
                message = {**message, "headers": headers}
            await send(message)

        try:
            await app(scope, receive_part, send_with_id)
        except Exception as error:
            # Starlette would call the handler outside of this middleware: the answer would have no id and no count.
            handler = scope["app"].exception_handlers.get(Exception)
            if not handler:
                raise
            answer = handler(Request(scope), error)
            response = await answer if isawaitable(answer) else answer
            if status:  # in the middle of an answer
                raise
            await response(scope, receive_part, send_with_id)
        finally:
            if status:  # otherwise the connection ended before an answer
                self._access_log.finished(
                    route=_template(scope, status), method=scope["method"], status=status, started=started
                )


def _asks_to_close(scope: Scope) -> bool:
    """Whether the client asks for the end of the connection, and does not hold its body back until 100 Continue."""
    headers = dict(scope["headers"])
    is_last = scope["http_version"] == "1.0" or headers.get(b"connection", b"").lower() == b"close"
    return is_last and b"expect" not in headers


def _template(scope: Scope, status: int) -> str | None:
    """The path of the route that answered; no route answers with 405."""
    if status == 405:
        return None
    if route := scope.get("route"):
        path: str = route.path
        return path
    # FastAPI's route for its document does not tell which one it is.
    openapi_url: str | None = scope["app"].openapi_url
    return openapi_url if openapi_url and scope["path"] == scope.get("root_path", "") + openapi_url else None
