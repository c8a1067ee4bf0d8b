"""Checks of the request headers, before the body is read."""

from __future__ import annotations

import random
import re

from .problems import BodyTooLarge, UnsupportedContentEncoding, UnsupportedMediaType

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def request_id_of(header: str | None) -> str:
    """The client's `X-Request-ID` if it is well formed, otherwise a new one."""
    # As long as a UUID, but from a fast generator: an id need not be hard to guess.
    return header if header and _REQUEST_ID.fullmatch(header) else f"{random.getrandbits(128):032x}"


def check_headers(
    content_type: str | None, content_encoding: str | None, content_length: int | None, max_body_bytes: int
) -> None:
    """Raises: UnsupportedMediaType, UnsupportedContentEncoding, BodyTooLarge, in this order."""
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType
    if (content_encoding or "identity").strip().lower() != "identity":
        raise UnsupportedContentEncoding
    if content_length is not None and content_length > max_body_bytes:
        raise BodyTooLarge(max_body_bytes)
