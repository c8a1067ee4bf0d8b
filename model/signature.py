"""What the model takes: features in training order, each with its kind, unit, bounds and an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite, nan
from sys import float_info
from typing import Any, Literal, TypeGuard, get_args

import pandas as pd

from .dtypes import Bounds, held_by
from .errors import SignatureError

Kind = Literal["number", "integer", "boolean", "category", "text"]
Value = str | int | float | bool | None
Row = list[Value]  # values in signature order

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

# What a client can send where nothing is declared.
UNBOUNDED: dict[Kind, Bounds] = {
    "number": (-float_info.max, float_info.max),
    "integer": (INT64_MIN, INT64_MAX),
}

# A column of strings with more distinct values than this is free text rather than a category.
MAX_CATEGORIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column of the training frame, as a client must send it.

    Attributes:
        dtype: how `frame_of` builds the column again: its pandas dtype at training, or "ordered category" or
            "object with None", which pandas has no names for.
        categories: the values allowed where `kind` is "category", in the dtype's order or sorted; else empty.
        minimum, maximum: declared bounds, inclusive; None where a double or a 64-bit integer is bound enough. Those of
            an integer are 64-bit integers, those of a number are exact as doubles. The dtype holds all between them.
        observed: smallest and largest value in the training data, for numbers and integers.
        example: a value that the feature takes.
    """

    name: str
    kind: Kind
    dtype: str
    nullable: bool
    unit: str | None = None
    categories: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    observed: tuple[float, float] | None = None
    example: Value = None


@dataclass(frozen=True, slots=True)
class Signature:
    """The features in the order of the training frame's columns."""

    features: tuple[Feature, ...]

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    @property
    def example(self) -> dict[str, Value]:
        """One instance that is known to be valid: a row of the training data."""
        return {feature.name: feature.example for feature in self.features}

    def to_json(self) -> dict[str, Any]:
        return {"features": [asdict(feature) for feature in self.features]}


def infer_signature(frame: pd.DataFrame, corrections: Mapping[str, Mapping[str, Any]] | None = None) -> Signature:
    """Read the signature off a training frame; the author corrects what a frame cannot tell.

    Args:
        frame: the features as the estimator was fitted on them, without the target.
        corrections: per feature, fields of `Feature` to set: `{"body_mass_g": {"unit": "g", "minimum": 0}}`.
            Bounds that nobody sets are those of the dtype: an int8 takes -128 to 127.
    Raises: SignatureError where a name is no usable key, a column has no kind, or a correction fits no feature or
        allows what a column of that dtype cannot hold.
    """
    names = list(frame.columns)
    if not names:
        raise SignatureError("the training frame has no columns")
    if not len(frame):
        raise SignatureError("the training frame has no rows")
    for name in names:
        if not isinstance(name, str) or not name:
            raise SignatureError(f"the column name {name!r} is not a non-empty string")
        if names.count(name) > 1:
            raise SignatureError(f"the column name {name!r} occurs more than once")

    corrections = corrections or {}
    if unknown := sorted(corrections.keys() - set(names)):
        raise SignatureError(f"no such feature to correct: {', '.join(unknown)}")

    complete = frame.dropna()
    # Column by column: a row of its own would turn integers into floats.
    examples = complete if len(complete) else frame
    return Signature(
        tuple(_infer_feature(frame[name], examples[name].iloc[0], corrections.get(name, {})) for name in names)
    )


def frame_of(rows: list[Row], signature: Signature) -> pd.DataFrame:
    """The frame that the estimator was fitted on, in names, order and dtypes; null becomes missing.

    It takes every row that the signature allows; values stay what they are, numbers to the precision of their dtype.
    """
    columns = zip(*rows, strict=True)
    return pd.DataFrame(
        {feature.name: _column_of(column, feature) for feature, column in zip(signature.features, columns, strict=True)}
    )


def rows_of(frame: pd.DataFrame, signature: Signature) -> list[Row]:
    """The rows as a client would have sent them: plain Python values, null where one is missing."""
    columns = [
        [_plain(value, feature.kind) for value in frame[feature.name].tolist()] for feature in signature.features
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def signature_from_json(document: object) -> Signature:
    """Raises: SignatureError with the first thing that is not as `Signature.to_json` writes it."""
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        raise SignatureError("the signature has no list of features")
    return Signature(tuple(_feature_of(feature) for feature in features))


def _infer_feature(column: pd.Series[Any], example: object, correction: Mapping[str, Any]) -> Feature:
    name = str(column.name)
    present = column.dropna()
    nullable = len(present) < len(column)
    kind, categories = _kind_of(name, column, present)
    observed = None
    if kind in ("number", "integer") and len(present):
        observed = (present.min().item(), present.max().item())
        if not all(map(isfinite, observed)):
            raise SignatureError(f"the column {name!r} holds infinity, which no JSON number says")
    if fixed := sorted(correction.keys() & {"name", "dtype", "observed"}):
        raise SignatureError(f"the feature {name!r} takes its {' and '.join(fixed)} from the column")
    corrected_kind = correction.get("kind", kind)
    if "kind" in correction and not _are_of(corrected_kind, present):
        raise SignatureError(f"the column {name!r} holds values that are not of the kind {corrected_kind!r}")
    dtype = _dtype_of(column)
    minimum, maximum = _bounds_of(dtype, corrected_kind)
    inferred = Feature(
        name=name,
        kind=kind,
        dtype=dtype,
        nullable=nullable,
        categories=categories,
        minimum=minimum,
        maximum=maximum,
        observed=observed,
        example=_plain(example, corrected_kind),
    )
    return _feature_of({**asdict(inferred), **correction})


def _kind_of(name: str, column: pd.Series[Any], present: pd.Series[Any]) -> tuple[Kind, tuple[str, ...]]:
    is_categorical = isinstance(column.dtype, pd.CategoricalDtype)
    if pd.api.types.is_bool_dtype(column.dtype) and not is_categorical:
        return "boolean", ()
    if pd.api.types.is_integer_dtype(column.dtype):
        return "integer", ()
    if pd.api.types.is_float_dtype(column.dtype):
        return "number", ()
    values = list(column.cat.categories if is_categorical else present)
    if not all(isinstance(value, str) for value in values):
        raise SignatureError(f"the column {name!r} ({column.dtype}) holds neither numbers, booleans nor strings alone")
    if is_categorical:
        return "category", tuple(values)
    categories = sorted(set(values))
    return ("category", tuple(categories)) if len(categories) <= MAX_CATEGORIES else ("text", ())


def _are_of(kind: Kind, present: pd.Series[Any]) -> bool:
    """Whether the values stay what they are when they are sent as this kind."""
    if kind not in ("number", "integer", "boolean"):
        return True
    try:
        return all(_plain(value, kind) == value for value in present)
    except ValueError:  # not a number at all
        return False


def _dtype_of(column: pd.Series[Any]) -> str:
    if isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        return "ordered category"
    # Among objects None and NaN are two values to scikit-learn: what it was fitted on is what it must see again.
    if column.dtype == object and any(value is None for value in column):
        return "object with None"
    return str(column.dtype)


def _bounds_of(dtype: str, kind: Kind) -> tuple[float | None, float | None]:
    """The dtype's bounds where they are narrower than what a client can send."""
    if kind not in ("number", "integer") or kind not in held_by(dtype).kinds:
        return None, None
    (least, most), (least_sent, most_sent) = held_by(dtype).kinds[kind], UNBOUNDED[kind]
    return least if least > least_sent else None, most if most < most_sent else None


def _column_of(values: tuple[Value, ...], feature: Feature) -> pd.Series[Any]:
    match feature.dtype:
        case "category" | "ordered category":
            ordered = feature.dtype == "ordered category"
            return pd.Series(values, dtype=pd.CategoricalDtype(list(feature.categories), ordered=ordered))
        case "object":
            return pd.Series([nan if value is None else value for value in values], dtype=object)
        case "object with None":
            return pd.Series(values, dtype=object)
    return pd.Series(values, dtype=feature.dtype)


def _plain(value: Any, kind: Kind) -> Value:
    if pd.isna(value):
        return None
    if kind == "number":
        return float(value)
    if kind == "integer":
        return int(value)
    return bool(value) if kind == "boolean" else str(value)


def _feature_of(document: object) -> Feature:
    if not isinstance(document, dict):
        raise SignatureError("a feature of the signature is not an object")
    fields: dict[str, Any] = dict(document)
    name = fields.get("name")
    if unknown := fields.keys() - set(Feature.__slots__):
        raise SignatureError(f"the feature {name!r} has unknown fields: {', '.join(sorted(unknown))}")

    def check(field: str, is_right: bool) -> None:
        if not is_right:
            raise SignatureError(f"the feature {name!r} has no usable {field!r}")

    check("name", isinstance(name, str) and name != "")
    check("kind", fields.get("kind") in get_args(Kind))
    check("dtype", isinstance(fields.get("dtype"), str))
    check("nullable", isinstance(fields.get("nullable"), bool))
    check("unit", isinstance(fields.get("unit"), str | None))
    categories = fields.get("categories", [])
    are_strings = isinstance(categories, list | tuple) and all(isinstance(category, str) for category in categories)
    check("categories", are_strings and len(set(categories)) == len(categories))
    check("categories", (len(categories) > 0) == (fields["kind"] == "category"))
    least, most = fields.get("minimum"), fields.get("maximum")
    check("minimum", least is None or _is_exact(least, fields["kind"]))
    check("maximum", most is None or _is_exact(most, fields["kind"]))
    check("maximum", least is None or most is None or least <= most)
    observed = fields.get("observed")
    is_range = isinstance(observed, list | tuple) and [*map(_is_number, observed)] == [True, True]
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
    """What the feature allows and a column of its dtype would refuse or change."""
    held = held_by(feature.dtype)
    if feature.kind not in held.kinds:
        return f"every {feature.kind}"
    if feature.nullable and not held.null:
        return "null"
    if feature.kind in UNBOUNDED:
        (least, most), (least_held, most_held) = UNBOUNDED[feature.kind], held.kinds[feature.kind]
        least = least if feature.minimum is None else feature.minimum
        most = most if feature.maximum is None else feature.maximum
        if least < least_held or most > most_held:
            return f"every {feature.kind} from {least} to {most}"
    return None


def _takes(feature: Feature, value: object) -> bool:
    if value is None:
        return feature.nullable
    match feature.kind:
        case "number" | "integer":
            least, most = feature.minimum, feature.maximum
            return (
                _is_exact(value, feature.kind) and (least is None or value >= least) and (most is None or value <= most)
            )
        case "boolean":
            return isinstance(value, bool)
        case "category":
            return value in feature.categories
    return isinstance(value, str)


def _is_exact(value: object, kind: Kind) -> TypeGuard[int | float]:
    """Whether every validation compares with the same number: a 64-bit integer, or what a double holds."""
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
