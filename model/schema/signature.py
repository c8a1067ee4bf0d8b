"""What a model takes: features in training order, each with its kind, unit, bounds and an example."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from sys import float_info
from typing import Any, Literal, TypeGuard, get_args

from ..errors import SignatureError
from .dates import is_date
from .dtypes import Bound, Bounds, held_by

Kind = Literal["number", "integer", "boolean", "category", "text", "date"]
FittedOn = Literal["frame", "array", "texts"]
Value = str | int | float | bool | None  # a date is a string
Row = list[Value]  # values in signature order

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

# What a client can send if no bounds are declared. Dates then have the bounds of their dtype.
UNBOUNDED: dict[Kind, Bounds] = {
    "number": (-float_info.max, float_info.max),
    "integer": (INT64_MIN, INT64_MAX),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column of the training frame, in the form in which a client must send it.

    Attributes:
        dtype: the dtype of the column at training. "ordered category" and "object with None" have no name in pandas.
        categories: the allowed values if `kind` is "category", in the dtype's order or sorted. Empty for other kinds.
        minimum, maximum: declared bounds, inclusive. None means the bounds of a double or a 64-bit integer, and for a
            date those of the dtype. Bounds of an integer are 64-bit integers, bounds of a number are exact doubles,
            bounds of a date are dates. The dtype holds every value between.
        observed: smallest and largest value in the training data, for numbers, integers and dates.
        example: a valid value.
    """

    name: str
    kind: Kind
    dtype: str
    nullable: bool
    unit: str | None = None
    categories: tuple[str, ...] = ()
    minimum: Bound | None = None
    maximum: Bound | None = None
    observed: Bounds | None = None
    example: Value = None


@dataclass(frozen=True, slots=True)
class Signature:
    """The features in the order of the training data's columns.

    Attributes:
        fitted_on: the input of the estimator: a pandas DataFrame, a numpy array, or a sequence of strings. Strings are
            a single feature.
    """

    features: tuple[Feature, ...]
    fitted_on: FittedOn = "frame"

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    @property
    def example(self) -> dict[str, Value]:
        """A valid instance: a row of the training data."""
        return {feature.name: feature.example for feature in self.features}

    def to_json(self) -> dict[str, Any]:
        return {"fitted_on": self.fitted_on, "features": [asdict(feature) for feature in self.features]}


def bounds_of(feature: Feature) -> Bounds:
    """The bounds of the valid numbers, integers or dates: the declared ones, or else the widest."""
    least, most = UNBOUNDED.get(feature.kind) or held_by(feature.dtype).kinds[feature.kind]
    return (
        least if feature.minimum is None else feature.minimum,
        most if feature.maximum is None else feature.maximum,
    )


def signature_from_json(document: object) -> Signature:
    """Raises: SignatureError for the first thing that differs from what `Signature.to_json` writes."""
    if not isinstance(document, dict):
        raise SignatureError("the signature is not an object")
    features, fitted_on = document.get("features"), document.get("fitted_on", "")
    if not isinstance(features, list) or not features:
        raise SignatureError("the signature has no list of features")
    if fitted_on not in get_args(FittedOn):
        raise SignatureError("the signature has no valid 'fitted_on'")
    return Signature(tuple(map(feature_of, features)), fitted_on)


def feature_of(document: object) -> Feature:
    """The feature with these fields, which fit each other and the dtype. Raises: SignatureError."""
    if not isinstance(document, dict):
        raise SignatureError("a feature of the signature is not an object")
    fields: dict[str, Any] = dict(document)
    name = fields.get("name")
    if unknown := fields.keys() - set(Feature.__slots__):
        raise SignatureError(f"the feature {name!r} has unknown fields: {', '.join(sorted(unknown))}")

    def check(field: str, is_right: bool) -> None:
        if not is_right:
            raise SignatureError(f"the feature {name!r} has no valid {field!r}")

    check("name", is_text(name) and name != "")
    check("kind", fields.get("kind") in get_args(Kind))
    check("dtype", isinstance(fields.get("dtype"), str))
    check("nullable", isinstance(fields.get("nullable"), bool))
    check("unit", fields.get("unit") is None or is_text(fields["unit"]))
    categories = fields.get("categories", [])
    are_strings = isinstance(categories, list | tuple) and all(map(is_text, categories))
    check("categories", are_strings and len(set(categories)) == len(categories))
    check("categories", (len(categories) > 0) == (fields["kind"] == "category"))
    least, most = fields.get("minimum"), fields.get("maximum")
    check("minimum", least is None or _is_exact(least, fields["kind"]))
    check("maximum", most is None or _is_exact(most, fields["kind"]))
    check("maximum", least is None or most is None or least <= most)
    observed = fields.get("observed")
    is_end = is_date if fields["kind"] == "date" else _is_number
    is_range = isinstance(observed, list | tuple) and [*map(is_end, observed)] == [True, True]
    check("observed", observed is None or is_range)
    feature = Feature(**{**fields, "categories": tuple(categories), "observed": tuple(observed) if observed else None})
    if unheld := _unheld_by(feature):
        raise SignatureError(
            f"the feature {name!r} has the dtype {feature.dtype}, which cannot hold {unheld}: "
            "convert the column before fitting"
        )
    check("example", _takes(feature, feature.example))
    return feature


def _unheld_by(feature: Feature) -> str | None:
    """The allowed values that a column of this dtype would refuse or change, or None."""
    held = held_by(feature.dtype)
    if feature.kind not in held.kinds:
        return f"every {feature.kind}"
    if feature.nullable and not held.null:
        return "null"
    (least, most), (least_held, most_held) = bounds_of(feature), held.kinds[feature.kind]
    if least < least_held or most > most_held:
        return f"every {feature.kind} from {least} to {most}"
    return None


def _takes(feature: Feature, value: object) -> bool:
    if value is None:
        return feature.nullable
    match feature.kind:
        case "number" | "integer" | "date":
            least, most = bounds_of(feature)
            return _is_exact(value, feature.kind) and bool(least <= value <= most)
        case "boolean":
            return isinstance(value, bool)
        case "category":
            return value in feature.categories
    return is_text(value)


def is_text(value: object) -> bool:
    """Whether UTF-8 can encode it. A Python string may hold a lone surrogate, a JSON document may not."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _is_exact(value: object, kind: Kind) -> TypeGuard[Bound]:
    """Whether every validation reads the same value: a 64-bit integer, an exact double, or a date."""
    if kind == "date":
        return is_date(value)
    if not _is_number(value):
        return False
    if kind == "integer":
        return isinstance(value, int) and INT64_MIN <= value <= INT64_MAX
    try:
        return kind == "number" and isfinite(value) and float(value) == value
    except OverflowError:  # an integer beyond all doubles
        return False


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
