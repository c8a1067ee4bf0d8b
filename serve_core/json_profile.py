"""The JSON that is taken: RFC 8259 in UTF-8, at most 64 levels deep. Parsed fast where sure, strictly elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import accumulate
from typing import NoReturn, TypeVar

import orjson

from .problems import MalformedBody, Refusal

MAX_DEPTH = 64
MAX_INTEGER_DIGITS = 4300

Validated = TypeVar("Validated")

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.",
    re.DOTALL,
)


def parse_and_validate(body: bytes, validate: Callable[[object], Validated]) -> Validated:
    """Parse and validate a body, each body with the parser that is sure of it.

    orjson reads 2^64 as a float and knows no depth limit of 64: what is refused after it, or may hide deep nesting
    behind a duplicate key, is told from the strict parser's document.

    Args:
        validate: checks that the document is a valid `{"instances": [...]}`, or raises a refusal.
    Raises: MalformedBody, and what `validate` raises.
    """
    try:
        document = orjson.loads(body)
        validated = validate(document)
    except (orjson.JSONDecodeError, Refusal):
        document = None  # not two of a large one at a time
    if document is None:
        return validate(parse_strictly(body))
    # A valid body is one array of flat objects: other brackets stand in strings or behind a duplicate key.
    if body.count(b"[") > 1 or body.count(b"{") > len(document["instances"]) + 1:
        _check_depth(body)
    return validated


def parse_strictly(body: bytes) -> object:
    """Parse with the standard library, which keeps every digit, and refuse what it lets through.

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
    _check_depth(body)
    if any(escape["lone"] for escape in _ESCAPE.finditer(text)):
        raise MalformedBody("lone_surrogate", "The body escapes half of a surrogate pair.")
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise MalformedBody("not_json", f"The body is not JSON at line {error.lineno}, column {error.colno}.") from None


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    brackets = _STRING.sub(b"", body).translate(None, delete=_NO_BRACKETS)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_DEPTH:
        raise MalformedBody("too_deep", f"The body is nested deeper than {MAX_DEPTH} levels.")


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedBody("not_finite", f"{name} is not JSON; send null for a missing number.")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise MalformedBody("integer_too_long", f"The body has an integer of more than {MAX_INTEGER_DIGITS} digits.")
    return int(digits)
