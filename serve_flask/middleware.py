"""Around every request: its id at the start, one count and one line at its end."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter

from flask import Flask, Response, g, request

from serve_core.access import AccessLog
from serve_core.logs import begin_request
from serve_core.problems import NotFound
from serve_core.requests import MAX_DISCARDED_BYTES, request_id_of

CHUNK_BYTES = 64 * 1024


def add_request_hooks(app: Flask, access_log: AccessLog) -> None:
    @app.before_request
    def begin() -> None:
        g.started = perf_counter()
        g.request_id = request_id_of(request.headers.get("X-Request-ID"))
        begin_request(g.request_id)
        # gunicorn gives `/predict` for `//predict`, and Werkzeug routes `/%2fpredict` there: both are other paths.
        if request.environ["PATH_INFO"].startswith("//") or request.environ.get("RAW_URI", "").startswith("//"):
            request.url_rule = None
            raise NotFound

    @app.after_request
    def finish(response: Response) -> Response:
        _read_to_the_end()
        response.headers["X-Request-ID"] = g.request_id
        access_log.finished(
            route=_template(request.url_rule.rule) if request.url_rule else None,
            method=request.method,
            status=response.status_code,
            started=g.started,
        )
        return response


def _read_to_the_end() -> None:
    """A client that is still sending would see a broken connection instead of an early answer."""
    n_bytes = 0
    with suppress(Exception):  # each server has exceptions of its own for a connection that ends
        while n_bytes < MAX_DISCARDED_BYTES and (chunk := request.stream.read(CHUNK_BYTES)):
            n_bytes += len(chunk)


def _template(rule: str) -> str:
    """The rule as OpenAPI writes it, so that one dashboard reads both services."""
    return rule.replace("<", "{").replace(">", "}")
