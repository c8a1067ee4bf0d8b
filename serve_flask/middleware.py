"""Around every request: its id at the start, one count and one line at its end."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter
from typing import IO

from flask import Flask, Response, g, request

from serve_core.access import AccessLog
from serve_core.logs import begin_request
from serve_core.problems import NotFound
from serve_core.requests import MAX_DISCARDED_BYTES, request_id_of

CHUNK_BYTES = 64 * 1024


def add_request_hooks(app: Flask, access_log: AccessLog) -> None:
    @app.before_request
    def begin() -> None:
        environ = request.environ
        g.started = perf_counter()
        g.request_id = request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID"))
        begin_request(request_id)
        # gunicorn gives `/predict` for `//predict`, and Werkzeug routes `/%2fpredict` there: both are other paths.
        if environ["PATH_INFO"].startswith("//") or environ.get("RAW_URI", "").startswith("//"):
            request.url_rule = None
            raise NotFound

    @app.after_request
    def finish(response: Response) -> Response:
        if not g.get("is_body_read"):
            _read_to_the_end(request.stream)
        response.headers["X-Request-ID"] = g.request_id
        rule = request.url_rule
        access_log.finished(
            route=_template(rule.rule) if rule else None,
            method=request.method,
            status=response.status_code,
            started=g.started,
        )
        return response


def _read_to_the_end(body: IO[bytes]) -> None:
    """A client that is still sending would see a broken connection instead of an early answer."""
    n_bytes = 0
    with suppress(Exception):  # each server has exceptions of its own for a connection that ends
        while n_bytes < MAX_DISCARDED_BYTES and (chunk := body.read(CHUNK_BYTES)):
            n_bytes += len(chunk)


def _template(rule: str) -> str:
    """The rule as OpenAPI writes it, so that a dashboard reads every service alike."""
    return rule.replace("<", "{").replace(">", "}")
