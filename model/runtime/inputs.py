"""Rows become the input that the estimator was fitted on (a frame, an array or texts), and back."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
import pandas as pd

from ..schema.signature import Feature, Kind, Row, Signature, Value

PLAIN_DTYPES = {"float64", "float32", "int64", "int32", "bool"}  # an array of one of these holds rows unchanged


def input_of(rows: list[Row], signature: Signature) -> Any:
    """The input of the estimator: a frame or an array of (n_rows, n_features), or a list of n_rows strings."""
    if signature.fitted_on == "array" and (dtype := _one_dtype_of(signature)):
        return np.array(rows, dtype=dtype)  # None becomes NaN
    return as_fitted(frame_of(rows, signature), signature)


def as_fitted(frame: pd.DataFrame, signature: Signature) -> Any:
    """The same values in the container that the estimator was fitted on."""
    match signature.fitted_on:
        case "array":
            return frame.to_numpy()
        case "texts":
            return frame.iloc[:, 0].tolist()
    return frame


def frame_of(rows: list[Row], signature: Signature) -> pd.DataFrame:
    """A frame with the names, order and dtypes of the training frame; null becomes a missing value.

    Every row that the signature allows fits. Values do not change, except that numbers are rounded to their dtype.
    """
    if dtype := _one_dtype_of(signature):
        return pd.DataFrame(np.array(rows, dtype=dtype), columns=signature.names)
    columns = zip(*rows, strict=True)
    return pd.DataFrame(
        {feature.name: _column_of(column, feature) for feature, column in zip(signature.features, columns, strict=True)}
    )


def rows_of(frame: pd.DataFrame, signature: Signature) -> list[Row]:
    """The rows as a client would send them: plain Python values, and None for missing ones."""
    columns = [[plain(value, feature.kind) for value in frame[feature.name].tolist()] for feature in signature.features]
    return [list(row) for row in zip(*columns, strict=True)]


def plain(value: Any, kind: Kind) -> Value:
    """The value as Python reads it from JSON; None if it is missing."""
    if pd.isna(value):
        return None
    if kind == "number":
        return float(value)
    if kind == "integer":
        return int(value)
    if kind == "date":
        return str(value)[:10]  # without the midnight of a timestamp
    return bool(value) if kind == "boolean" else str(value)


def _one_dtype_of(signature: Signature) -> str | None:
    """The dtype that all columns share. One array then holds them all, which is far cheaper than a Series for each."""
    dtypes = {feature.dtype for feature in signature.features}
    return dtypes.pop() if len(dtypes) == 1 and dtypes <= PLAIN_DTYPES else None


def _column_of(values: tuple[Value, ...], feature: Feature) -> pd.Series[Any] | np.ndarray[Any, Any]:
    if feature.dtype in PLAIN_DTYPES or feature.kind == "date":
        return np.array(values, dtype=feature.dtype)  # None becomes NaN or NaT
    match feature.dtype:
        case "category" | "ordered category":
            ordered = feature.dtype == "ordered category"
            return pd.Series(values, dtype=pd.CategoricalDtype(list(feature.categories), ordered=ordered))
        case "object":
            return pd.Series([nan if value is None else value for value in values], dtype=object)
        case "object with None":
            return pd.Series(values, dtype=object)
    return pd.Series(values, dtype=feature.dtype)
