"""Bytes in, JSON document out, before FastAPI validates it: FastAPI's "Custom Request and APIRoute class"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from serve_core.wire.json_profile import check_headers, parse
from serve_core.wire.problems import BodyTooLarge, IncompleteBody, Refusal

from .validation import invalid_request

# A longer body is parsed in a thread, so that the event loop can answer other requests meanwhile. There is one thread:
# several would take the interpreter from each other, and the event loop would wait for all of them.
INLINE_BYTES = 64 * 1024
PARSER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parser")

METHODS_WITH_BODY = {"POST", "PUT", "PATCH"}


class JsonRequest(Request):
    """A request whose body has been read and parsed. FastAPI's handler calls `body` and `json`."""

    content: bytes
    document: object

    async def body(self) -> bytes:
        return self.content

    async def json(self) -> object:
        return self.document

    async def stream(self) -> AsyncGenerator[bytes, None]:
        yield self.content


def json_route(
    max_body_bytes: int,
    max_instances: int = 0,
    refusal_of: Callable[[Sequence[Any]], Refusal] = invalid_request,
) -> type[APIRoute]:
    """A route class for bodies of limited length that are JSON as `serve_core.wire.json_profile` defines it.

    Use it for a router of your own: `APIRouter(route_class=json_route(...))`.

    Args:
        refusal_of: makes a refusal of the errors that FastAPI found in the request.
    """

    class JsonRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handle_json(request: Request) -> Response:
                if request.method not in METHODS_WITH_BODY:
                    return await handle(request)
                json_request = JsonRequest(request.scope, request.receive)
                json_request.content = body = await read_body(request, max_body_bytes)
                if len(body) <= INLINE_BYTES:
                    json_request.document = parse(body, max_instances)
                else:
                    loop = asyncio.get_running_loop()
                    json_request.document = await loop.run_in_executor(PARSER, parse, body, max_instances)
                try:
                    return await handle(json_request)
                except RequestValidationError as error:
                    raise refusal_of(error.errors()) from None

            return handle_json

    return JsonRoute


async def read_body(request: Request, max_body_bytes: int) -> bytes:
    """Raises: the errors of `check_headers`, BodyTooLarge, IncompleteBody."""
    headers = request.headers
    announced = headers.get("content-length")
    # Python parses at most 4300 digits, and a client may send any number of leading zeros.
    length = int(announced.lstrip("0") or "0") if announced else None
    encodings = ",".join(headers.getlist("content-encoding"))  # two headers of one name are joined (RFC 9110, 5.3)
    check_headers(headers.get("content-type"), encodings, length, max_body_bytes)
    chunks = []
    n_bytes = 0
    try:
        async for chunk in request.stream():
            n_bytes += len(chunk)
            if n_bytes > max_body_bytes:
                raise BodyTooLarge(max_body_bytes)
            chunks.append(chunk)
    except ClientDisconnect:
        raise IncompleteBody from None
    return b"".join(chunks)
