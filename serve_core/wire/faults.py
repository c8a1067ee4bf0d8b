"""A fault is one error in a request: its place, its stable code, and the value that was expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.schema.dtypes import Bound
from model.schema.signature import Feature, bounds_of

MAX_LISTED_CATEGORIES = 50


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Attributes:
        place: `pointer`, a JSON pointer (RFC 6901) into the body; or `in` and `name` of a parameter, as in OpenAPI.
        instance: the index of its instance; None for a member of the body itself.
    """

    place: Mapping[str, str]
    code: str
    detail: str
    instance: int | None = None


def field_fault(code: str, instance: int, feature: Feature) -> Fault:
    """A fault in the value of a feature. It never repeats the value."""
    return Fault(_at("instances", instance, feature.name), code, _expected(code, feature), instance)


def unknown_key(instance: int, key: str) -> Fault:
    return Fault(_at("instances", instance, key), "unknown_key", "the model has no such feature", instance)


def unknown_member(key: str) -> Fault:
    return Fault(_at(key), "unknown_key", 'only "instances" is expected here')


def not_an_object(instance: int) -> Fault:
    return Fault(_at("instances", instance), "not_an_object", "expected an object of features", instance)


def fault_at(location: Sequence[str | int], code: str, detail: str) -> Fault:
    """A fault in a part of the request that the model's signature does not describe.

    Args:
        location: "body" and the path into it, or "query", "path", "header" or "cookie" and the name of a parameter.
    """
    part, *path = location
    place = _at(*path) if part == "body" else {"in": str(part), "name": ".".join(map(str, path))}
    return Fault(place, code, detail)


def _expected(code: str, feature: Feature) -> str:
    or_null = " or null" if feature.nullable else ""
    match code:
        case "missing":
            return "required"
        case "not_a_number":
            return "expected a number" + or_null
        case "not_an_integer":
            return "expected an integer, written without a fraction" + or_null
        case "not_a_boolean":
            return "expected true or false" + or_null
        case "not_a_string":
            return "expected a string" + or_null
        case "not_a_date":
            return "expected a date as YYYY-MM-DD" + or_null
        case "not_a_category":
            listed = [*feature.categories[:MAX_LISTED_CATEGORIES], *(["null"] if feature.nullable else [])]
            unlisted = len(feature.categories) - MAX_LISTED_CATEGORIES
            return f"expected one of: {', '.join(listed)}" + (f" (and {unlisted} more)" if unlisted > 0 else "")
        case "below_minimum":
            return f"expected at least {_number(feature.minimum)}"
        case "above_maximum":
            return f"expected at most {_number(feature.maximum)}"
        case "out_of_range" if feature.kind == "date":
            return "expected a date from {} to {}".format(*bounds_of(feature))
        case "out_of_range":
            return "expected a 64-bit integer" if feature.kind == "integer" else "expected a finite 64-bit number"
    raise ValueError(f"no such fault code: {code}")


def _number(bound: Bound | None) -> str:
    return str(bound).removesuffix(".0")


def _at(*path: str | int) -> dict[str, str]:
    return {"pointer": "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)}
