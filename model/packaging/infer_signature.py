"""Infer the signature from training data; the author corrects what the data cannot tell."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from math import isfinite
from typing import Any, get_args

import pandas as pd

from ..errors import SignatureError
from ..runtime.inputs import plain
from ..schema.dates import is_date
from ..schema.dtypes import Bounds, held_by
from ..schema.signature import INT64_MAX, INT64_MIN, UNBOUNDED, Feature, FittedOn, Kind, Signature, feature_of, is_text

# A column of strings with more distinct values is text, not a category.
MAX_CATEGORIES = 50

A_DATE = re.compile(r"\d+[-/. ]\w+[-/. ]\d+|\d{4}-\d\d")
TO_DATES = 'pd.to_datetime(..., errors="coerce")'
DATES_REMEDY = (
    'if they are YYYY-MM-DD and the model takes datetime64, add the correction kind = "date"; '
    f"otherwise convert them with {TO_DATES} before fitting"
)
OF_THEIR_OWN = "or make features of their own, such as the month and the weekday"

Corrections = Mapping[str, Mapping[str, Any]]


def infer_signature(
    frame: pd.DataFrame, corrections: Corrections | None = None, fitted_on: FittedOn = "frame"
) -> Signature:
    """The signature of these training data, with the author's corrections.

    Args:
        frame: the features as the estimator was fitted on them, without the target.
        corrections: fields of `Feature` to set, by feature: `{"body_mass_g": {"unit": "g", "minimum": 0}}`.
            Without a correction, the bounds are those of the dtype: -128 to 127 for an int8.
        fitted_on: the input that the estimator takes in place of the frame.
    Raises: SignatureError if a name is not a usable key, a column has no kind, or a correction names no feature or
        allows a value that the column's dtype cannot hold.
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
            raise SignatureError(
                f"the column name {name!r} contains half of a surrogate pair, which JSON cannot express"
            )
        if names.count(name) > 1:
            raise SignatureError(f"the column name {name!r} occurs more than once")

    corrections = corrections or {}
    if unknown := sorted(corrections.keys() - set(names)):
        raise SignatureError(f"the corrections name unknown features: {', '.join(unknown)}")

    complete = frame.dropna()
    # Column by column, because a row of the frame would turn integers into floats.
    examples = complete if len(complete) else frame.bfill()
    known = {"kind": "text"} if fitted_on == "texts" else {}  # even if there are few different ones
    features = (
        _infer_feature(frame[name], examples[name].iloc[0], {**known, **corrections.get(name, {})}) for name in names
    )
    return Signature(tuple(features), fitted_on)


def are_dates(values: Sequence[Any]) -> bool:
    """Whether all values are strings that pandas reads as dates, such as 2026-12-01."""
    if not len(values) or not all(isinstance(value, str) and A_DATE.search(value) for value in values):
        return False
    with warnings.catch_warnings(action="ignore"):  # pandas has to guess whether the day or the month comes first
        return bool(pd.to_datetime(pd.Series([*values]), errors="coerce", format="mixed", utc=True).notna().all())


def _infer_feature(column: pd.Series[Any], example: object, correction: Mapping[str, Any]) -> Feature:
    name = str(column.name)
    if fixed := sorted(correction.keys() & {"name", "dtype", "observed"}):
        raise SignatureError(f"the corrections of the feature {name!r} cannot set {' and '.join(fixed)}")
    if isinstance(column.dtype, pd.SparseDtype):
        raise SignatureError(f"the column {name!r} is sparse: make it dense before fitting")

    present = column.dropna()
    if not len(present):
        raise SignatureError(f"the column {name!r} has no value in any row")
    kind = _kind_of(column, present)
    observed = _range_of(name, present, kind) if kind in (*UNBOUNDED, "date") else None
    corrected_kind = correction.get("kind", kind)
    if corrected_kind not in get_args(Kind):
        raise SignatureError(f"the feature {name!r} has no valid 'kind'")
    if corrected_kind != kind and not _are_of(corrected_kind, present):
        raise SignatureError(f"the column {name!r} contains values that are not of the kind {corrected_kind!r}")

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
    # TOML has dates of its own.
    corrected = {key: value.isoformat() if isinstance(value, date) else value for key, value in correction.items()}
    return feature_of({**asdict(inferred), **corrected})


def _kind_of(column: pd.Series[Any], present: pd.Series[Any]) -> Kind:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _kind_of_categories(column)
    if pd.api.types.is_bool_dtype(column.dtype):
        return "boolean"
    if pd.api.types.is_integer_dtype(column.dtype):
        return "integer"
    if pd.api.types.is_float_dtype(column.dtype):
        return "number"
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return _kind_of_dates(present)
    match pd.api.types.infer_dtype(present, skipna=True):
        case "string" | "empty":
            return "category" if present.nunique() <= MAX_CATEGORIES else "text"
        case "boolean" if column.dtype == object:
            return "boolean"
        case "integer" if column.dtype == object:
            return "integer"
        case "floating" | "mixed-integer-float" if column.dtype == object:
            return "number"
        case "datetime64" | "datetime" | "date":
            has_zone = getattr(column.dtype, "tz", None)
            what = "has a time zone" if has_zone else "contains dates as objects"
            remedy = ".dt.tz_localize(None).dt.normalize()" if has_zone else TO_DATES
            raise SignatureError(
                f"the column {str(column.name)!r} {what}: convert it with {remedy} before fitting, {OF_THEIR_OWN}"
            )
    raise SignatureError(
        f"the column {str(column.name)!r} ({column.dtype}) must contain only numbers, only booleans or only strings"
    )


def _kind_of_dates(present: pd.Series[Any]) -> Kind:
    if (present == present.dt.normalize()).all():
        return "date"
    raise SignatureError(
        f"the column {str(present.name)!r} contains times of day, and a feature is a calendar date: "
        f"cut them off with .dt.normalize() before fitting, {OF_THEIR_OWN}"
    )


def _kind_of_categories(column: pd.Series[Any]) -> Kind:
    if all(isinstance(category, str) for category in column.cat.categories):
        return "category"
    raise SignatureError(
        f"the column {str(column.name)!r} is a pandas category of values that are not strings: "
        "convert them to strings before fitting"
    )


def _range_of(name: str, present: pd.Series[Any], kind: Kind) -> Bounds:
    if kind == "number":
        least, most = float(present.min()), float(present.max())
        if not (isfinite(least) and isfinite(most)):
            raise SignatureError(f"the column {name!r} contains infinity, which JSON cannot express")
        return least, most
    if kind == "date":
        first, last = plain(present.min(), kind), plain(present.max(), kind)
        if not (is_date(first) and is_date(last)):
            raise SignatureError(f"the column {name!r} contains dates outside the years 1 to 9999")
        return first, last
    least, most = int(present.min()), int(present.max())
    if least < INT64_MIN or most > INT64_MAX:
        raise SignatureError(f"the column {name!r} contains integers beyond 64 bits, which few clients can send")
    return least, most


def _categories_of(column: pd.Series[Any], present: pd.Series[Any]) -> tuple[str, ...]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return tuple(column.cat.categories)
    return tuple(sorted(set(present)))


def _are_of(kind: Kind, present: pd.Series[Any]) -> bool:
    """Whether the values stay the same when they are sent as this kind."""
    try:
        return all(plain(value, kind) == value for value in present)
    except (TypeError, ValueError):  # not a number
        return False


def _dtype_of(column: pd.Series[Any]) -> str:
    if isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        return "ordered category"
    # In an object column, scikit-learn tells None from NaN. Serving must pass the one it was fitted on.
    if column.dtype == object and any(value is None for value in column):
        return "object with None"
    return str(column.dtype)


def _bounds_of(dtype: str, kind: Kind) -> tuple[float | None, float | None]:
    """The bounds of the dtype, if they are narrower than what a client can send."""
    if kind not in UNBOUNDED or kind not in held_by(dtype).kinds:
        return None, None
    (least, most), (least_sent, most_sent) = held_by(dtype).kinds[kind], UNBOUNDED[kind]
    return least if least > least_sent else None, most if most < most_sent else None
