"""Surrounds every request: sets its id, answers HEAD like GET and bugs with 500, counts and logs it at its end."""

from __future__ import annotations

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_core.service import Service
from serve_core.telemetry.access import AccessLog
from serve_core.telemetry.logs import begin_request
from serve_core.wire.problems import InternalError
from serve_core.wire.request_headers import request_id_of

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
        request_id = request_id_of(b",".join(ids).decode("latin-1"))
        begin_request(request_id)
        method = scope["method"]
        if method == "HEAD":  # the server has its own scope and drops the body of the answer
            scope = {**scope, "method": "GET"}
        # Starlette's patterns also match before a final newline, which no path of ours has.
        scope["path"] = scope["path"].replace("\n", "\0")
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", request_id.encode())]
                if self._service.is_draining:  # the client then connects to another instance
                    headers.append((b"connection", b"close"))
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:  # the edge of the application: log the bug and answer 500
            failure = InternalError()
            failure.__cause__ = error
            response = problem_response(failure)
            if not status:
                await response(scope, receive, send_with_id)
        finally:
            if status:  # otherwise the connection ended before an answer
                self._access_log.finished(route=_template(scope, status), method=method, status=status, started=started)


def _template(scope: Scope, status: int) -> str | None:
    """The path of the route that answered; no route answers with 405."""
    if status == 405:
        return None
    if route := scope.get("route"):
        path: str = route.path
        return path
    # FastAPI's route for its document does not tell which one it is.
    openapi_url: str = scope["app"].openapi_url
    return openapi_url if scope["path"] == scope.get("root_path", "") + openapi_url else None
