"""Bytes in, JSON document out: a body is measured, read and parsed before it is validated."""

from __future__ import annotations

from threading import Lock

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from serve_core.wire.json_profile import check_headers, parse
from serve_core.wire.problems import BodyTooLarge, IncompleteBody

# Longer bodies are parsed one at a time: several threads would only keep the interpreter from each other, and a health
# check would have to wait for all of them.
SHORT_BYTES = 64 * 1024
ONE_LONG_BODY = Lock()


def read_json(max_body_bytes: int, max_instances: int = 0) -> object:
    """The document in the body of the current request.

    Raises: the errors of `check_headers` and `parse`, BodyTooLarge, IncompleteBody.
    """
    body = read_body(max_body_bytes)
    if len(body) <= SHORT_BYTES:
        return parse(body, max_instances)
    with ONE_LONG_BODY:
        return parse(body, max_instances)


def read_body(max_body_bytes: int) -> bytes:
    length = request.content_length
    check_headers(request.content_type, request.headers.get("Content-Encoding"), length, max_body_bytes)
    try:
        # Werkzeug's own limit silently cuts a chunked body. One byte more than is allowed shows that there is more.
        body = request.stream.read(max_body_bytes + 1) or request.get_data()  # a hook may have read it
    except RequestEntityTooLarge:  # above MAX_CONTENT_LENGTH
        raise
    except Exception as error:  # each server has its own exceptions for a closed connection or a broken chunk
        raise IncompleteBody from error
    # gunicorn returns the bytes that arrived before the connection ended.
    if len(body) < (length or 0):
        raise IncompleteBody
    if len(body) > max_body_bytes:
        raise BodyTooLarge(max_body_bytes)
    return body
