"""The bodies that both services accept: JSON (RFC 8259) in UTF-8, with limits on depth, collections and digits."""

from __future__ import annotations

import json
import re
import sys
from typing import NoReturn

import orjson

from .problems import BodyTooLarge, MalformedBody, UnsupportedContentEncoding, UnsupportedMediaType

MAX_DEPTH = 64
MAX_INTEGER_DIGITS = 4300

# Arrays and objects beside the instances. An empty one takes two bytes here and seventy in Python.
MAX_COLLECTIONS = 10_000

# Matches up to the next bracket outside a string, or to the end. Possessive quantifiers never give up a match, so they
# need no memory for each of its characters.
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"?)*+([\[\]{}]|\Z)', re.DOTALL)

# One half of a surrogate pair without the other, in a text without escaped backslashes.
_LONE_SURROGATE = re.compile(
    r"\\u[dD](?:"
    r"[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F][0-9a-fA-F]{2}"
    r")"
)


def check_headers(
    content_type: str | None, content_encoding: str | None, content_length: int | None, max_body_bytes: int
) -> None:
    """Before the body is read.

    Raises: UnsupportedMediaType, UnsupportedContentEncoding, BodyTooLarge, in this order.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType
    if (content_encoding or "identity").strip().lower() != "identity":
        raise UnsupportedContentEncoding
    if content_length is not None and content_length > max_body_bytes:
        raise BodyTooLarge(max_body_bytes)


def parse(body: bytes, max_instances: int = 0) -> object:
    """Parse with orjson. If orjson refuses the body, a slow and strict parser finds the reason, or accepts the body.

    orjson reads an integer beyond 64 bits as a float, which the validation of both services handles. It allows more
    than 64 levels, which are checked here.

    Args:
        max_instances: a body may contain this many arrays and objects more than `MAX_COLLECTIONS`.
    Raises: MalformedBody with the code of the rule that was broken.
    """
    max_collections = MAX_COLLECTIONS + max_instances
    n_opened = _n_opened(body)
    if n_opened > max_collections:  # before any of them becomes an object
        _check_nesting(body, max_collections)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _parse_strictly(body, max_collections)
    if n_opened > MAX_DEPTH and not _is_flat(document, body, n_opened):
        _check_nesting(body, max_collections)
    return document


def _parse_strictly(body: bytes, max_collections: int) -> object:
    """Parse with the standard library, which keeps every digit, and refuses what it would let through.

    Raises: MalformedBody with the code of the rule that was broken.
    """
    if not body.strip(b" \t\r\n"):
        raise MalformedBody("empty_body", "The body is empty.")
    if body.startswith(b"\xef\xbb\xbf"):
        raise MalformedBody("byte_order_mark", "The body begins with a byte order mark; send UTF-8 without one.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody("not_utf8", f"The body is not UTF-8 at byte {error.start}.") from None
    if _n_opened(body) > MAX_DEPTH:
        _check_nesting(body, max_collections)
    if _LONE_SURROGATE.search(text.replace("\\\\", "  ")):
        raise MalformedBody("lone_surrogate", "The body escapes half of a surrogate pair.")
    # By default Python itself has this limit, and a function that is called for each integer takes longer.
    parse_int = None if sys.get_int_max_str_digits() == MAX_INTEGER_DIGITS else _integer
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=parse_int)
    except json.JSONDecodeError as error:
        raise MalformedBody("not_json", f"The body is not JSON at line {error.lineno}, column {error.colno}.") from None
    except ValueError:
        raise _integer_too_long() from None


def _n_opened(body: bytes) -> int:
    """The number of opening brackets, including those in strings."""
    return body.count(b"[") + body.count(b"{")


def _is_flat(document: object, body: bytes, n_opened: int) -> bool:
    """Whether the body is one array of flat objects, like a valid one, with no other bracket, not even in a string."""
    instances = document.get("instances") if isinstance(document, dict) else None
    return isinstance(instances, list) and n_opened == len(instances) + 2 and body.count(b"[") == 1


def _check_nesting(body: bytes, max_collections: int) -> None:
    n_levels = n_collections = 0
    for found in _TO_BRACKET.finditer(body):
        if found[1] in (b"[", b"{"):
            n_levels += 1
            n_collections += 1
            if n_levels > MAX_DEPTH:
                raise MalformedBody("too_deep", f"The body is nested deeper than {MAX_DEPTH} levels.")
            if n_collections > max_collections:
                raise MalformedBody(
                    "too_many_collections", f"The body has more than {max_collections} arrays and objects."
                )
        elif n_levels:
            n_levels -= 1
        else:  # the end, or not JSON
            return


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedBody("not_finite", f"{name} is not JSON; send null for a missing number.")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise _integer_too_long()
    return int(digits)


def _integer_too_long() -> MalformedBody:
    return MalformedBody("integer_too_long", f"The body has an integer of more than {MAX_INTEGER_DIGITS} digits.")
