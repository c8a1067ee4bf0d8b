"""A WSGI server without a framework: it reads the body and gives the answer of the minimal routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ANSWER = (
    b'{"predictions":[{"label":"Gentoo","probabilities":{"Adelie":0.000123,"Chinstrap":0.000456,"Gentoo":0.999421}}],'
    b'"model":{"name":"penguins","version":"1.0.0-0123456789ab"}}'
)
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))]


def app(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
    environ["wsgi.input"].read()
    start_response("200 OK", HEADERS)
    return [ANSWER]
