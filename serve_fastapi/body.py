"""The way of a body from the wire to the declared model: counted, parsed once, validated, refused where it must be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from serve_core.json_profile import parse_and_validate
from serve_core.problems import BodyTooLarge, IncompleteBody
from serve_core.requests import check_headers
from serve_core.service import Service

from .state import service_of

# A longer body is parsed in a thread, so that the event loop has its turns meanwhile.
INLINE_BYTES = 64 * 1024

Answer = Callable[..., Coroutine[Any, Any, Response]]
Validate = Callable[[object], object]


def json_route(validate: Validate, service: Service, max_body_bytes: int) -> type[APIRoute]:
    """The class of a route whose JSON body `validate` turns into the model that the route declares.

    Its function gets what it declares in this order: the body, the request, the service. FastAPI's own handler would
    parse by the standard library, make a 400 of every error in a body, and look anew for each argument.

    The class raises: TypeError where more is declared, a dependency of the application included.
    """

    class JsonRoute(APIRoute):
        def __init__(self, path: str, endpoint: Answer, **declared: Any) -> None:
            super().__init__(path, endpoint, **declared)
            needs = self.dependant
            others = [*needs.path_params, *needs.query_params, *needs.header_params, *needs.cookie_params]
            if others or [dependency.call for dependency in needs.dependencies] != [service_of]:
                # Nobody would see to it: a check of who asks would be skipped in silence.
                raise TypeError(
                    f"{path} gets its body, the request and the service, and nothing else that is declared."
                )

            async def answer_json(scope: Scope, receive: Receive, send: Send) -> None:
                request = Request(scope, receive)
                body = await read_body(request, max_body_bytes)
                scope["state"]["n_body_bytes"] = len(body)
                if len(body) <= INLINE_BYTES:
                    validated = parse_and_validate(body, validate)
                else:
                    validated = await asyncio.to_thread(parse_and_validate, body, validate)
                response = await endpoint(validated, request, service)
                await response(scope, receive, send)

            self.app = answer_json

    return JsonRoute


async def read_body(request: Request, max_body_bytes: int) -> bytes:
    """Raises: what `check_headers` raises, BodyTooLarge, IncompleteBody."""
    raw_headers = request.scope["headers"]
    headers = {name: value.decode("latin-1") for name, value in reversed(raw_headers)}  # of several the first
    announced = headers.get(b"content-length")
    # As many zeros as a client likes may stand in front: Python reads 4300 digits at most.
    length = int(announced.lstrip("0") or "0") if announced else None
    encoding = headers.get(b"content-encoding")
    if encoding is not None:  # sent twice it is joined (RFC 9110, 5.3)
        encoding = ",".join(request.headers.getlist("content-encoding"))
    check_headers(headers.get(b"content-type"), encoding, length, max_body_bytes)
    chunks = []
    n_bytes = 0
    more_body = True
    while more_body:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise IncompleteBody
        chunk = message.get("body", b"")
        chunks.append(chunk)
        n_bytes += len(chunk)
        if n_bytes > max_body_bytes:
            raise BodyTooLarge(max_body_bytes)
        more_body = message.get("more_body", False)
    return b"".join(chunks)
