"""One thing wrong in a body: where it is, its stable code, and what was expected instead."""

from __future__ import annotations

from dataclasses import dataclass

from model.signature import Feature

MAX_LISTED_CATEGORIES = 50


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Attributes:
        pointer: a JSON pointer (RFC 6901) into the body.
        instance: the index of the instance it is in, None for the body's own members.
    """

    pointer: str
    code: str
    detail: str
    instance: int | None = None


def field_fault(code: str, instance: int, feature: Feature) -> Fault:
    """A fault in the value of a feature; the value itself is never repeated."""
    return Fault(f"/instances/{instance}/{_escaped(feature.name)}", code, _expected(code, feature), instance)


def unknown_key(instance: int, key: str) -> Fault:
    return Fault(f"/instances/{instance}/{_escaped(key)}", "unknown_key", "the model has no such feature", instance)


def unknown_member(key: str) -> Fault:
    return Fault(f"/{_escaped(key)}", "unknown_key", 'only "instances" is expected here')


def not_an_object(instance: int) -> Fault:
    return Fault(f"/instances/{instance}", "not_an_object", "expected an object of features", instance)


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
        case "not_a_category":
            listed = [*feature.categories[:MAX_LISTED_CATEGORIES], *(["null"] if feature.nullable else [])]
            unlisted = len(feature.categories) - MAX_LISTED_CATEGORIES
            return f"expected one of: {', '.join(listed)}" + (f" (and {unlisted} more)" if unlisted > 0 else "")
        case "below_minimum":
            return f"expected at least {_number(feature.minimum)}"
        case "above_maximum":
            return f"expected at most {_number(feature.maximum)}"
        case "out_of_range":
            return "expected a 64-bit integer" if feature.kind == "integer" else "expected a finite 64-bit number"
    raise ValueError(f"no such fault code: {code}")


def _number(bound: float | None) -> str:
    return str(bound).removesuffix(".0")


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
