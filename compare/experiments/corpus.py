"""Bad requests for a model, and documents of every sort, generated from its signature."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from random import Random

from model.schema.signature import Feature, Signature

# JSON text, because no Python value can express a number beyond all doubles.
WHOLE_BODIES = (
    ["", "{", "null", "[]", '"text"', "{}"]
    + [f'{{"instances": {value}}}' for value in ("null", "{}", '"text"', "1", "[null]", "[[]]", '["text"]')]
)  # fmt: skip
WRONG_VALUES: Mapping[str, tuple[str, ...]] = {
    "number": ('"1"', '""', "true", "[]", "{}", "NaN", "Infinity", "1e400"),
    "integer": ('"1"', '""', "true", "[]", "{}", "1.0", "30.7", "NaN", "1e400"),
    "boolean": ('"true"', "0", "1", '""', "[]", "{}"),
    "category": ('"no such category"', '""', "0", "true", "[]", "{}"),
    "text": ("0", "true", "[]", "{}"),
    "date": ('"2026-02-30"', '"20261130"', '"2026-11-30T00:00:00"', '""', "20261130", "true", "[]", "{}"),
}


def bad_bodies(signature: Signature) -> Iterator[bytes]:
    """Bodies with one fault each: not JSON, another shape, a missing or an unknown key, a value of a wrong type."""
    yield from map(str.encode, WHOLE_BODIES)
    good = {name: json.dumps(value) for name, value in signature.example.items()}
    yield _body(good | {"no such feature": "1"})
    for feature in signature.features:
        yield _body({name: text for name, text in good.items() if name != feature.name})
        yield from (_body(good | {feature.name: text}) for text in _wrong_values(feature))


def good_body(signature: Signature) -> bytes:
    return json.dumps({"instances": [signature.example]}).encode()


def documents(signature: Signature, chance: Random) -> Iterator[object]:
    """Yields documents without end: about a third are valid, the others have a few faults."""
    while True:
        instances = [_instance(signature, chance) for _ in range(chance.randint(1, 3))]
        yield {"instances": instances} | ({"beside": 1} if chance.random() < 0.05 else {})


def _instance(signature: Signature, chance: Random) -> object:
    drawn = dict(signature.example)
    for feature in signature.features:
        if feature.nullable and chance.random() < 0.2:
            drawn[feature.name] = None
    if chance.random() < 0.6:
        return drawn
    for _ in range(chance.randint(1, 3)):
        feature = chance.choice(signature.features)
        match chance.choice(["wrong", "wrong", "missing", "unknown", "text"]):
            case "wrong":
                drawn[feature.name] = json.loads(chance.choice([*_wrong_values(feature)]))
            case "missing":
                drawn.pop(feature.name, None)
            case "unknown":
                drawn[feature.name + "?"] = 1
            case "text":
                return "text"
    return drawn


def _wrong_values(feature: Feature) -> Iterator[str]:
    yield from WRONG_VALUES[feature.kind]
    if not feature.nullable:
        yield "null"


def _body(instance: Mapping[str, str]) -> bytes:
    members = ", ".join(f"{json.dumps(name)}: {text}" for name, text in instance.items())
    return f'{{"instances": [{{{members}}}]}}'.encode()
