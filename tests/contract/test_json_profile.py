"""A body outside the JSON profile gets a 400 with the code of the broken rule, wherever in the body it breaks it."""

from __future__ import annotations

import json

import pytest

from serve_core.settings import Settings

from ..bodies import body_of, instance_texts

JSON = {"Content-Type": "application/json"}

# The value of a feature is on the third level, so it may be 61 levels deep: 64 are allowed.
SURPLUS = [
    ("NaN", "not_finite"),
    ("Infinity", "not_finite"),
    ("-Infinity", "not_finite"),
    ("[" * 62 + "]" * 62, "too_deep"),
    ('{"a":' * 61 + "[]" + "}" * 61, "too_deep"),
    (r'"\ud800"', "lone_surrogate"),
    (r'"\udc00\ud800"', "lone_surrogate"),
    (r'{"\uDFFF": 1}', "lone_surrogate"),
    (r'"\ud83d\ud83d\ude00"', "lone_surrogate"),
    (r'"\ud83d\ude00\ude00"', "lone_surrogate"),
    (r'"\ud83d\\\ude00"', "lone_surrogate"),
    ("1" * 4301, "integer_too_long"),
    ("-" + "1" * 4301, "integer_too_long"),
    ("nan", "not_json"),
    ("01", "not_json"),
    ("1.", "not_json"),
    (".5", "not_json"),
    ("+1", "not_json"),
    ("0x1", "not_json"),
    ("'a'", "not_json"),
    ("True", "not_json"),
    ("1 2", "not_json"),
    ("[1,]", "not_json"),
    ('{"a": 1,}', "not_json"),
    ("{a: 1}", "not_json"),
    ('"\n"', "not_json"),
    ("[" * 65, "too_deep"),
    ("[" + "[]," * 70, "not_json"),
    ('"\\x41"', "not_json"),
    ("/* no */ 1", "not_json"),
    ("", "not_json"),
]
WELL_FORMED = [
    "[" * 61 + "]" * 61,
    r'"\ud83d\ude00"',
    r'["\uD83D\uDE00\uD83D\uDE00", 1e400]',
    r'"\\ud800"',
    r'["\\\\ud800", 1e400]',
    "1" * 4300,
    "1e400",
    "-0",
    '"\\u0000"',
    "\r\n\t 1",
]

BODIES = [
    (b"", "empty_body"),
    (b" \r\n\t", "empty_body"),
    (b"\xef\xbb\xbf{}", "byte_order_mark"),
    (b'{"instances": ["\xff"]}', "not_utf8"),
    (b'{"instances": ["\xed\xa0\x80"]}', "not_utf8"),
    ('{"instances": []}'.encode("utf-16"), "not_utf8"),
    (b"\xc2\xa0", "not_json"),
    (b"{", "not_json"),
    (b"[" * 100_000, "too_deep"),
    (b'{"instances": []}x', "not_json"),
    (b"\x00{}", "not_json"),
    (b"{}\x00", "not_json"),
    (b"instances=1", "not_json"),
]


def code(client, body):
    response = client.post("/predict", content=body, headers=JSON)
    return response.status_code, response.json().get("code")


def with_surplus(signature, text, *, is_hidden):
    """A valid body with one more key in front. If hidden, it is an earlier duplicate of a feature's key."""
    valid = instance_texts(signature)
    key = signature.names[0] if is_hidden else "surplus"
    instance = body_of(valid).replace("{", "\0", 1).replace("{", f"{{{json.dumps(key)}: {text}, ", 1)
    return instance.replace("\0", "{").encode()


@pytest.mark.parametrize(("text", "expected"), SURPLUS, ids=[text[:12] or "nothing" for text, _ in SURPLUS])
@pytest.mark.parametrize("is_hidden", [False, True], ids=["in sight", "behind a duplicate key"])
def test_refuses_invalid_json_anywhere_in_the_body(client, signature, text, expected, is_hidden):
    assert code(client, with_surplus(signature, text, is_hidden=is_hidden)) == (400, expected)


@pytest.mark.parametrize("text", WELL_FORMED, ids=[text[:12] for text in WELL_FORMED])
def test_accepts_json_at_the_limits_of_the_profile(client, signature, text):
    assert code(client, with_surplus(signature, text, is_hidden=False)) == (422, "invalid_instances")
    assert code(client, with_surplus(signature, text, is_hidden=True)) == (200, None)


@pytest.mark.parametrize(("body", "expected"), BODIES, ids=[repr(body[:24]) for body, _ in BODIES])
def test_refuses_bodies_that_are_not_json(client, body, expected):
    assert code(client, body) == (400, expected)


# The maximum number of instances, and 10,000.
MAX_COLLECTIONS = 10_000 + Settings().max_instances
# The body, its array, the instance and the array in it count as four.
REST = MAX_COLLECTIONS - 4


@pytest.mark.parametrize(
    ("surplus", "expected"),
    [
        ("[" + ",".join(["[]"] * REST) + "]", (422, "invalid_instances")),
        ("[" + ",".join(["[]"] * (REST + 1)) + "]", (400, "too_many_collections")),
        ("[" + ",".join(['{"": 0}'] * (REST + 1)) + "]", (400, "too_many_collections")),
        ("[" + ",".join(["[]"] * (REST + 1)) + ", NaN]", (400, "too_many_collections")),
        ("[" + "[]," * (REST + 1), (400, "too_many_collections")),
        ("[" * MAX_COLLECTIONS, (400, "too_deep")),
        (json.dumps(["[{" * MAX_COLLECTIONS, '"[\\"']), (422, "invalid_instances")),
    ],
    ids=["the most", "one more", "objects", "with NaN", "cut short", "too deep as well", "in strings"],
)
def test_limits_the_number_of_arrays_and_objects(client, surplus, expected):
    assert code(client, f'{{"instances": [{{"surplus": {surplus}}}]}}'.encode()) == expected


def test_handles_a_body_full_of_unknown_keys(client):
    keys = ", ".join(f'"surplus{index}": 0' for index in range(50_000))

    response = client.post("/predict", content=f'{{"instances": [{{{keys}}}]}}', headers=JSON)

    errors = response.json()["errors"]
    assert (response.status_code, len(errors), response.json()["truncated"]) == (422, 100, True)


def test_reports_the_position_of_invalid_json(client):
    response = client.post("/predict", content=b'{\n  "instances" []}', headers=JSON)

    assert response.json()["detail"] == "The body is not JSON at line 2, column 15."
