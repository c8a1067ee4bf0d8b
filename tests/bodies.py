"""Request bodies for a signature, as JSON text, which can express more than Python values: 1e400, duplicate keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from math import inf, nextafter

import orjson

from model.schema.dates import FIRST, LAST
from model.schema.signature import Feature, Signature, bounds_of

Texts = dict[str, str]  # the JSON text of each value of an instance, by key

# JSON values that are no calendar date as YYYY-MM-DD.
NO_DATES = [
    *("0", "20261130", "1796000000", "-1.5", "true", "false", '""', '"null"', '"tomorrow"', '"30.11.2026"'),
    *('"20261130"', '"2026-W48-1"', '"2026W481"', '"2026-334"', '"2026-11"', '"2026-1-1"', '"26-11-30"'),
    *('"2026-11-30T00:00:00"', '"2026-11-30T00:00:00Z"', '"2026-11-30 00:00"', '"2026-11-30Z"', '"1796000000"'),
    *('"2026-02-30"', '"2025-02-29"', '"1900-02-29"', '"2026-13-01"', '"2026-00-10"', '"2026-10-00"'),
    *('"0000-01-01"', '"10000-01-01"', '"+2026-11-30"', '"-2026-11-30"', r'"2026\u221211\u221230"', '"2026/11/30"'),
    *('" 2026-11-30"', '"2026-11-30 "', r'"2026-11-30\n"', r'"2026-11-30\u0000"', r'"\ufeff2026-11-30"'),
    # Digits that are not ASCII: full-width, Arabic, superscript.
    *(r'"\uff12\uff10\uff12\uff16-11-30"', r'"2026-1\u0661-30"', r'"\u00b2026-11-30"', '"2026-11-3é"'),
    f'"{"9" * 10_000}"',
]

# With more features, only one of each sort is tested.
FEW_FEATURES = 20


def text_of(value: object) -> str:
    return orjson.dumps(value).decode()


def instance_texts(signature: Signature) -> Texts:
    """A valid instance."""
    return {name: text_of(value) for name, value in signature.example.items()}


def body_of(*instances: Texts | str) -> str:
    return f'{{"instances": [{", ".join(map(object_of, instances))}]}}'


def object_of(instance: Texts | str) -> str:
    if isinstance(instance, str):
        return instance
    return "{" + ", ".join(f"{text_of(name)}: {text}" for name, text in instance.items()) + "}"


def pointer(*keys: object) -> str:
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def telling_features(signature: Signature) -> list[Feature]:
    """All features if there are few; otherwise one of each sort, and every one whose name needs escapes."""
    if len(signature.features) <= FEW_FEATURES:
        return list(signature.features)
    first_of_sort = {_sort_of(feature): feature for feature in reversed(signature.features)}.values()
    return [each for each in signature.features if each in first_of_sort or _needs_escapes(each.name)]


def valid_texts(feature: Feature) -> Iterator[str]:
    """Boundary values of the feature."""
    yield text_of(feature.example)
    if feature.nullable:
        yield "null"
    match feature.kind:
        case "number":
            yield text_of(int(feature.example or 0))
            yield from (text for text in (str(2**65), str(-(2**65))) if _is_within(int(text), feature))
            yield from (text_of(bound) for bound in (feature.minimum, feature.maximum) if bound is not None)
        case "integer":
            yield from (text_of(bound) for bound in (feature.minimum, feature.maximum) if bound is not None)
        case "boolean":
            yield from ("true", "false")
        case "category":
            yield from map(text_of, feature.categories)
        case "text":
            yield from ('""', text_of("[{(\\\"'é😀"), r'"\ud83d\ude00\u0000"')
        case "date":
            least, most = bounds_of(feature)
            yield from (text_of(bound) for bound in (feature.minimum, feature.maximum) if bound is not None)
            yield from (text_of(day) for day in ["2024-02-29"] if least <= day <= most)


def faulty_texts(feature: Feature) -> Iterator[tuple[str, str]]:
    """Values that the feature refuses, each with the fault's code."""
    wrong_type = {
        "number": "not_a_number",
        "integer": "not_an_integer",
        "boolean": "not_a_boolean",
        "category": "not_a_category",
        "text": "not_a_string",
        "date": "not_a_date",
    }[feature.kind]
    yield from ((text, wrong_type) for text in ("[]", "{}", '[{"a": [null]}]'))
    if not feature.nullable:
        yield "null", wrong_type
    if feature.kind in ("number", "integer"):
        yield from ((text, wrong_type) for text in ("true", "false", '"1"', '""', '"NaN"'))
        yield from _out_of_bounds(feature)
    if feature.kind == "number":
        yield from ((text, "out_of_range") for text in ("1e400", "-1e400", "9" * 401))
    if feature.kind == "integer":
        yield from ((text, wrong_type) for text in ("1.0", "30.7", "1e2", "-0.0"))
        # Beyond 64 bits, orjson reads an integer as a float.
        for text in (str(2**64), "1e20", "1e400"):
            yield text, "out_of_range" if feature.maximum is None else "above_maximum"
        yield "-" + "9" * 401, "out_of_range" if feature.minimum is None else "below_minimum"
    if feature.kind == "boolean":
        yield from ((text, wrong_type) for text in ("0", "1", '"true"', "0.0"))
    if feature.kind == "category":
        known = feature.categories[0]
        others = {known + " ", known.upper(), known.lower(), ""} - set(feature.categories)
        yield from ((text, wrong_type) for text in (*map(text_of, sorted(others)), "0", "true"))
    if feature.kind == "text":
        yield from ((text, wrong_type) for text in ("0", "1.5", "true"))
    if feature.kind == "date":
        yield from ((text, wrong_type) for text in NO_DATES)
        least, most = bounds_of(feature)
        if least > FIRST:
            yield _day_beside(least, -1), "out_of_range" if feature.minimum is None else "below_minimum"
        if most < LAST:
            yield _day_beside(most, 1), "out_of_range" if feature.maximum is None else "above_maximum"


def _sort_of(feature: Feature) -> tuple[object, ...]:
    """The properties of a feature without its name, unit, range and example."""
    bounds = feature.minimum is None, feature.maximum is None
    return feature.kind, feature.dtype, feature.nullable, *bounds


def _needs_escapes(name: str) -> bool:
    return json.dumps(name) != f'"{name}"' or pointer(name) != f"/{name}"


def _out_of_bounds(feature: Feature) -> Iterator[tuple[str, str]]:
    if feature.minimum is not None:
        yield _beyond(feature.minimum, -1, feature), "below_minimum"
    if feature.maximum is not None:
        yield _beyond(feature.maximum, 1, feature), "above_maximum"
    if feature.kind == "integer" and feature.minimum is None:
        yield str(-(2**63) - 1), "out_of_range"
    if feature.kind == "integer" and feature.maximum is None:
        yield str(2**63), "out_of_range"


def _beyond(bound: float, direction: int, feature: Feature) -> str:
    """The next value that the feature refuses."""
    return str(int(bound) + direction) if feature.kind == "integer" else text_of(nextafter(bound, direction * inf))


def _day_beside(day: str, n_days: int) -> str:
    return text_of((date.fromisoformat(day) + timedelta(n_days)).isoformat())


def _is_within(value: int, feature: Feature) -> bool:
    least, most = feature.minimum, feature.maximum
    return (least is None or least <= value) and (most is None or value <= most)
