"""What the headers of a request may say, before its body is read."""

from __future__ import annotations

import random
import re

from .in_flight import MAX_ID_CHARACTERS
from .problems import BodyTooLarge, UnsupportedContentEncoding, UnsupportedMediaType

# So much of a body is read and thrown away where an answer is due before its end.
MAX_DISCARDED_BYTES = 64 * 1024**2

_REQUEST_ID = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_ID_CHARACTERS}}}")


def request_id_of(header: str | None) -> str:
    """The client's `X-Request-ID` if it is harmless, a new one otherwise."""
    # As long as a UUID, and not from the system's source of randomness: nothing has to be unable to guess it.
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
