"""Bodies that a service must refuse, and that cost it as much time or memory as their length allows."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

# orjson refuses a body with this number; the strict parser, which is slower, accepts it.
BEYOND_DOUBLES = b"1e400"
STRICTLY = ", read strictly"

MOST_INSTANCES = 1000
EMOJI = "\N{GRINNING FACE}".encode()

# The bytes for the rest of a body: brackets, names, a number.
REST_BYTES = 300

VALUES = {
    "empty arrays": b"[]",
    "empty objects": b"{}",
    "objects with one key": b'{"":0}',
    "arrays 61 levels deep": b"[" * 61 + b"]" * 61,
    "small integers": b"0",
    "floats": b"1e9",
    "empty strings": b'""',
    "integers of 308 digits": b"7" * 308,
    "integers of 4300 digits": b"7" * 4300,
}
CHARACTERS = {
    "ASCII": b"a",
    "brackets": b"[{",
    "line feeds, escaped": rb"\n",
    "backslashes, escaped": rb"\\",
    "accented letters": "é".encode(),
    "accented letters, escaped": rb"\u00e9",
    "emoji, escaped": rb"\uD83D\uDE00",
}


def hostile_bodies(n_bytes: int, names: Sequence[str]) -> dict[str, bytes]:
    """The bodies by their content, filled up with white space. Bodies that would be longer are left out.

    Args:
        names: the names of the model's features.
    """
    bodies = _of_values(n_bytes) | _of_characters(n_bytes) | _of_keys(n_bytes, names) | _of_instances(n_bytes, names)
    return {what: body.ljust(n_bytes) for what, body in bodies.items() if len(body) <= n_bytes}


def _of_values(n_bytes: int) -> dict[str, bytes]:
    bodies = {
        "brackets that open": b"[" * n_bytes,
        "one long integer": _surplus(b"1" * (n_bytes - REST_BYTES)),
        "one long fraction": _surplus(b"0." + b"1" * (n_bytes - REST_BYTES)),
    }
    for what, value in VALUES.items():
        values = _many(value, n_bytes)
        bodies[what] = _surplus(values)
        bodies[what + STRICTLY] = _surplus(values, BEYOND_DOUBLES)
    return bodies


def _of_characters(n_bytes: int) -> dict[str, bytes]:
    text = b"a" * (n_bytes - REST_BYTES)
    emoji = rb"\uD83D\uDE00" * ((n_bytes - REST_BYTES) // 12)
    bodies = {
        "quotes": b'"' * n_bytes,
        "backslashes and quotes": rb"\"" * (n_bytes // 2),
        "line feeds, and no JSON": b"\n" * (n_bytes - 1) + b"x",
        "white space": b" " * n_bytes,
        "halves of surrogate pairs": _surplus(b'"%s"' % (rb"\uD800" * ((n_bytes - REST_BYTES) // 6))),
        "half of a surrogate pair behind emoji": _surplus(rb'"%s\uD800"' % emoji),
        "a byte that is not UTF-8, at the end": _surplus(b'"%s\xff"' % text),
        # Python needs four bytes for each character of a string with an emoji.
        "a string of ASCII with an emoji": _surplus(b'"%s%s"' % (text, EMOJI)),
        "a string of ASCII with an emoji" + STRICTLY: _surplus(b'"%s%s"' % (text, EMOJI), BEYOND_DOUBLES),
    }
    for what, character in CHARACTERS.items():
        string = b'"%s"' % (character * ((n_bytes - REST_BYTES) // len(character)))
        # So many that the service has to check their depth.
        bodies[f"a string of {what}, and 66 arrays"] = _surplus(string, *[b"[]"] * 66)
        bodies[f"a string of {what}{STRICTLY}"] = _surplus(string, BEYOND_DOUBLES)
    return bodies


def _of_keys(n_bytes: int, names: Sequence[str]) -> dict[str, bytes]:
    keys = _different_keys(n_bytes - REST_BYTES)
    same_key = _many(b'"":0', n_bytes)
    long_keys = b",".join(b'"%02d%s%s":0' % (index, EMOJI, b"~" * (n_bytes // 100 - 20)) for index in range(100))
    return {
        "unknown keys": _body(b"{%s}" % keys),
        "unknown keys" + STRICTLY: _body(b"{%s}" % keys, BEYOND_DOUBLES),
        "unknown keys beside the instances": b'{%s,"instances":[{}]}' % keys,
        "a hundred long unknown keys": _body(b"{%s}" % long_keys),
        "one very long unknown key": _body(b'{"%s":0}' % (b"~" * (n_bytes - REST_BYTES))),
        "the same key": _body(b"{%s}" % same_key),
        "the same key" + STRICTLY: _body(b"{%s}" % same_key, BEYOND_DOUBLES),
        "the same feature": _body(b"{%s}" % _many(orjson.dumps(names[0]) + b":[]", n_bytes)),
        "the instances again and again": b"{%s}" % _many(b'"instances":[]', n_bytes),
    }


def _of_instances(n_bytes: int, names: Sequence[str]) -> dict[str, bytes]:
    long_integers = b",".join(b"%s:%s" % (orjson.dumps(name), b"7" * 4300) for name in names)
    faulty = orjson.dumps({**{name: [] for name in names}, "unknown": 0, "surplus": 0})
    n_keys_bytes = n_bytes // MOST_INSTANCES - 10
    return {
        "empty instances": _body(_many(b"{}", n_bytes)),
        "instances of arrays": _body(_many(b"[[[]]]", n_bytes)),
        "a thousand empty instances": _body(_many(b"{}", n_bytes, MOST_INSTANCES)),
        "a thousand instances with every fault": _body(_many(faulty, n_bytes, MOST_INSTANCES)),
        "a thousand instances of unknown keys": _body(
            _many(b"{%s}" % _different_keys(max(n_keys_bytes, 20)), n_bytes, MOST_INSTANCES)
        ),
        "features of 4300 digits": _body(_many(b"{%s}" % long_integers, n_bytes)),
    }


def _body(*instances: bytes) -> bytes:
    return b'{"instances":[%s]}' % b",".join(instances)


def _surplus(*values: bytes) -> bytes:
    """The value in an unknown key of an instance."""
    return _body(b'{"surplus":[%s]}' % b",".join(values))


def _many(unit: bytes, n_bytes: int, most: int | None = None) -> bytes:
    """Repeats the item, separated by commas, until the body has the length."""
    n_units = max(1, (n_bytes - REST_BYTES) // (len(unit) + 1))
    return b",".join([unit] * min(n_units, most or n_units))


def _different_keys(n_bytes: int) -> bytes:
    n_keys = max(1, n_bytes // len('"12345":0,'))
    return b",".join(b'"%05x":0' % index for index in range(n_keys))
