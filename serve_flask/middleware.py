"""Surrounds every request: sets its id at the start, counts and logs it at its end."""

from __future__ import annotations

import re
from contextlib import suppress
from time import perf_counter

from flask import Blueprint, Flask, Response, g, request
from werkzeug.routing import Rule

from serve_core.telemetry.access import begin_request
from serve_core.wire.problems import NotFound

from .state import state

MAX_DISCARDED_BYTES = 64 * 1024**2
CHUNK_BYTES = 64 * 1024


def add_request_hooks(app: Flask | Blueprint) -> None:
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    _identify()
    # Werkzeug routes `//predict` and `/%2fpredict` to `/predict`, and gunicorn has already merged two slashes.
    if any(request.environ.get(name, "").startswith("//") for name in ("RAW_URI", "PATH_INFO")):
        raise NotFound
    g.route = request.url_rule


def _identify() -> None:
    g.started = perf_counter()
    g.request_id = begin_request(request.headers.get("X-Request-ID"))


def _finish(response: Response) -> Response:
    if "request_id" not in g:  # a hook of the application around this blueprint answered first
        _identify()
    _read_to_the_end()
    response.headers["X-Request-ID"] = g.request_id
    route = g.get("route")
    state().access_log.finished(
        route=template_of(route) if route else None,
        method=request.method,
        status=response.status_code,
        started=g.started,
    )
    return response


def _read_to_the_end() -> None:
    """Discard the rest of a body: gunicorn discards 64 KiB, then closes a connection that it promised to keep."""
    n_bytes = 0
    # Each server has its own exceptions for a closed connection, and Flask one for a body above MAX_CONTENT_LENGTH.
    with suppress(Exception):
        while n_bytes < MAX_DISCARDED_BYTES and (chunk := request.stream.read(CHUNK_BYTES)):
            n_bytes += len(chunk)


def template_of(rule: Rule) -> str:
    """The path of a rule as OpenAPI writes it: `/items/{id}`."""
    return re.sub(r"<(?:[^<>]*:)?([^<>]*)>", r"{\1}", rule.rule)
