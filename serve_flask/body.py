"""The way of a body from the wire to rows: counted, parsed once, validated, refused where it must be."""

from __future__ import annotations

from flask import g, request

from model.signature import Row
from serve_core.json_profile import parse_and_validate
from serve_core.problems import BodyTooLarge, IncompleteBody
from serve_core.requests import check_headers

from .state import State
from .validation import rows_of


def read_rows(state: State) -> tuple[list[Row], int]:
    """The rows, and of how many bytes they were read.

    Raises: what `read_body`, `parse_and_validate` and `rows_of` raise.
    """
    body = read_body(state.max_body_bytes)
    return parse_and_validate(body, lambda document: rows_of(document, state.columns, state.max_instances)), len(body)


def read_body(max_body_bytes: int) -> bytes:
    """Raises: what `check_headers` raises, BodyTooLarge, IncompleteBody."""
    environ, length = request.environ, request.content_length
    check_headers(environ.get("CONTENT_TYPE"), environ.get("HTTP_CONTENT_ENCODING"), length, max_body_bytes)
    try:
        # Werkzeug's own limit cuts a chunked body silently: one byte more than is allowed shows that there is more.
        body = request.stream.read(max_body_bytes + 1)
    except Exception as error:  # each server has exceptions of its own for a connection that ends or a broken chunk
        raise IncompleteBody from error
    # gunicorn hands out what came before the connection ended.
    if len(body) < min(length or 0, max_body_bytes):
        raise IncompleteBody
    if len(body) > max_body_bytes:
        raise BodyTooLarge(max_body_bytes)
    g.is_body_read = True
    return body
