"""What the training data say of the features, and what only their author can: `infer_signature`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any, get_args

import pandas as pd

from .dtypes import Bounds, held_by
from .errors import SignatureError
from .inputs import plain
from .signature import INT64_MAX, INT64_MIN, UNBOUNDED, Feature, FittedOn, Kind, Signature, feature_of, is_text

# A column of strings with more distinct values than this is free text rather than a category.
MAX_CATEGORIES = 50

Corrections = Mapping[str, Mapping[str, Any]]


def infer_signature(
    frame: pd.DataFrame, corrections: Corrections | None = None, fitted_on: FittedOn = "frame"
) -> Signature:
    """Read the signature off training data; the author corrects what data cannot tell.

    Args:
        frame: the features as the estimator was fitted on them, without the target.
        corrections: per feature, fields of `Feature` to set: `{"body_mass_g": {"unit": "g", "minimum": 0}}`.
            Bounds that nobody sets are those of the dtype: an int8 takes -128 to 127.
        fitted_on: what the estimator takes in place of the frame.
    Raises: SignatureError where a name is no usable key, a column has no kind, or a correction fits no feature or
        allows what a column of that dtype cannot hold.
    """
    names = list(frame.columns)
    if not names:
        raise SignatureError("the training data have no columns")
    if not len(frame):
        raise SignatureError("the training data have no rows")
    for name in names:
        if not isinstance(name, str) or not name:
            raise SignatureError(f"the column name {name!r} is not a non-empty string")
        if not is_text(name):
            raise SignatureError(f"the column name {name!r} holds half of a surrogate pair, which no JSON text can")
        if names.count(name) > 1:
            raise SignatureError(f"the column name {name!r} occurs more than once")

    corrections = corrections or {}
    if unknown := sorted(corrections.keys() - set(names)):
        raise SignatureError(f"no such feature to correct: {', '.join(unknown)}")

    complete = frame.dropna()
    # Column by column: a row of its own would turn integers into floats.
    examples = complete if len(complete) else frame.bfill()
    known = {"kind": "text"} if fitted_on == "texts" else {}  # however few there are
    features = (
        _infer_feature(frame[name], examples[name].iloc[0], {**known, **corrections.get(name, {})}) for name in names
    )
    return Signature(tuple(features), fitted_on)


def _infer_feature(column: pd.Series[Any], example: object, correction: Mapping[str, Any]) -> Feature:
    name = str(column.name)
    if fixed := sorted(correction.keys() & {"name", "dtype", "observed"}):
        raise SignatureError(f"the feature {name!r} takes its {' and '.join(fixed)} from the column")
    if isinstance(column.dtype, pd.SparseDtype):
        raise SignatureError(f"the column {name!r} is sparse: make it dense before fitting")

    present = column.dropna()
    if not len(present):
        raise SignatureError(f"the column {name!r} has no value in any row, so that nothing is known of it")
    kind = _kind_of(column, present)
    observed = _range_of(name, present, kind) if kind in UNBOUNDED else None
    corrected_kind = correction.get("kind", kind)
    if corrected_kind not in get_args(Kind):
        raise SignatureError(f"the feature {name!r} has no usable 'kind'")
    if "kind" in correction and not _are_of(corrected_kind, present):
        raise SignatureError(f"the column {name!r} holds values that are not of the kind {corrected_kind!r}")

    dtype = _dtype_of(column)
    minimum, maximum = _bounds_of(dtype, corrected_kind)
    inferred = Feature(
        name=name,
        kind=corrected_kind,
        dtype=dtype,
        nullable=len(present) < len(column),
        categories=_categories_of(column, present) if corrected_kind == "category" else (),
        minimum=minimum,
        maximum=maximum,
        observed=observed,
        example=plain(example, corrected_kind),
    )
    return feature_of({**asdict(inferred), **correction})


def _kind_of(column: pd.Series[Any], present: pd.Series[Any]) -> Kind:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _kind_of_categories(column)
    if pd.api.types.is_bool_dtype(column.dtype):
        return "boolean"
    if pd.api.types.is_integer_dtype(column.dtype):
        return "integer"
    if pd.api.types.is_float_dtype(column.dtype):
        return "number"
    match pd.api.types.infer_dtype(present, skipna=True):
        case "string" | "empty":
            return "category" if present.nunique() <= MAX_CATEGORIES else "text"
        case "boolean" if column.dtype == object:
            return "boolean"
        case "integer" if column.dtype == object:
            return "integer"
        case "floating" | "mixed-integer-float" if column.dtype == object:
            return "number"
    raise SignatureError(
        f"the column {str(column.name)!r} ({column.dtype}) holds neither numbers, booleans nor strings alone"
    )


def _kind_of_categories(column: pd.Series[Any]) -> Kind:
    if all(isinstance(category, str) for category in column.cat.categories):
        return "category"
    raise SignatureError(
        f"the column {str(column.name)!r} is a pandas category of other values than strings: "
        "make them strings before fitting"
    )


def _range_of(name: str, present: pd.Series[Any], kind: Kind) -> Bounds:
    if kind == "number":
        least, most = float(present.min()), float(present.max())
        if not (isfinite(least) and isfinite(most)):
            raise SignatureError(f"the column {name!r} holds infinity, which no JSON number says")
        return least, most
    least, most = int(present.min()), int(present.max())
    if least < INT64_MIN or most > INT64_MAX:
        raise SignatureError(f"the column {name!r} holds integers beyond 64 bits, which few clients can send")
    return least, most


def _categories_of(column: pd.Series[Any], present: pd.Series[Any]) -> tuple[str, ...]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return tuple(column.cat.categories)
    return tuple(sorted(set(present)))


def _are_of(kind: Kind, present: pd.Series[Any]) -> bool:
    """Whether the values stay what they are when they are sent as this kind."""
    try:
        return all(plain(value, kind) == value for value in present)
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
    if kind not in UNBOUNDED or kind not in held_by(dtype).kinds:
        return None, None
    (least, most), (least_sent, most_sent) = held_by(dtype).kinds[kind], UNBOUNDED[kind]
    return least if least > least_sent else None, most if most < most_sent else None
