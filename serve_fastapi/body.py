"""The way of a body from the wire to the declared model: counted, parsed once, validated, refused where it must be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from serve_core.json_profile import parse_and_validate
from serve_core.problems import BodyTooLarge, IncompleteBody
from serve_core.requests import check_headers

# A longer body is parsed in a thread, so that the event loop has its turns meanwhile.
INLINE_BYTES = 64 * 1024

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Validate = Callable[[object], object]


def json_route(validate: Validate, max_body_bytes: int) -> type[APIRoute]:
    """The class of a route whose JSON body `validate` turns into the model that the route declares."""

    class JsonRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def handle_json(request: Request) -> Response:
                # FastAPI reads a body inside a `try` that makes a 400 of every error: ours are raised before it.
                body = await read_body(request, max_body_bytes)
                if len(body) <= INLINE_BYTES:
                    validated = parse_and_validate(body, validate)
                else:
                    validated = await asyncio.to_thread(parse_and_validate, body, validate)
                return await handle(ValidatedRequest(request, validated, len(body)))

            return handle_json

    return JsonRoute


async def read_body(request: Request, max_body_bytes: int) -> bytes:
    """Raises: what `check_headers` raises, BodyTooLarge, IncompleteBody."""
    headers = request.headers
    announced = headers.get("content-length")
    # As many zeros as a client likes may stand in front: Python reads 4300 digits at most.
    length = int(announced.lstrip("0") or "0") if announced else None
    # A header sent twice is joined, as WSGI does it.
    encoding = ",".join(headers.getlist("content-encoding"))
    check_headers(headers.get("content-type"), encoding, length, max_body_bytes)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > max_body_bytes:
                raise BodyTooLarge(max_body_bytes)
    except ClientDisconnect:
        raise IncompleteBody from None
    return bytes(body)


class ValidatedRequest(Request):
    """A request whose body has been read: FastAPI finds the model that the route declares where it looks for JSON."""

    def __init__(self, request: Request, validated: object, n_body_bytes: int) -> None:
        super().__init__(request.scope, request.receive)
        self.n_body_bytes = n_body_bytes
        self._validated = validated

    async def body(self) -> bytes:
        return b"read"

    async def json(self) -> Any:
        return self._validated
