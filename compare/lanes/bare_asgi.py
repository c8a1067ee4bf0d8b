"""uvicorn without a framework: it reads the body and gives the answer of the minimal routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

ANSWER = (
    b'{"predictions":[{"label":"Gentoo","probabilities":{"Adelie":0.000123,"Chinstrap":0.000456,"Gentoo":0.999421}}],'
    b'"model":{"name":"penguins","version":"1.0.0-0123456789ab"}}'
)
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]

Message = dict[str, Any]


async def app(
    _scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})
