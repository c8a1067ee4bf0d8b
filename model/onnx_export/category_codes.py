"""Rewrite a fitted estimator so that it takes a number in place of each category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from ..errors import ExportError
from ..schema.outputs import Array, name_of

ENCODE = "encode them with OneHotEncoder or OrdinalEncoder"

# By position of a column that holds categories: the code of each category. An imputer may add its own categories.
Categories = Mapping[int, dict[Any, float]]


def in_codes(step: Any, columns: Categories) -> Categories:
    """Replace the categories that a fitted step knows by their codes; NaN is null.

    Args:
        columns: the categories in the input of the step.
    Returns: the categories in its output.
    Raises: ExportError with a remedy, if a step takes categories and is not an encoder.
    """
    match step:
        case Pipeline():
            for _, part in step.steps:
                columns = in_codes(part, columns)
            return columns
        case FeatureUnion():
            return _encoded((name, in_codes(transformer, columns)) for name, transformer in step.transformer_list)
        case ColumnTransformer():
            return _encoded(
                (
                    name,
                    in_codes(transformer, {new: columns[old] for new, old in enumerate(positions) if old in columns}),
                )
                for name, transformer, positions in step.transformers_
            )
        case SimpleImputer() if columns:
            values = [_code(value, columns.get(i)) for i, value in enumerate(step.statistics_)]
            step.statistics_ = np.array(values)
            return columns
        case OneHotEncoder():
            step.categories_ = _known(step, columns)
            return {}
        case OrdinalEncoder():
            if len(columns) < len(step.categories_):
                raise ExportError("OrdinalEncoder takes categories and other columns: give it the categories alone")
            step.categories_ = _known(step, columns)
            step.ordinals_ = [_ordinals(step, columns[i], known) for i, known in enumerate(step.categories_)]
            return {}
        case "passthrough" | FunctionTransformer(func=None):
            return columns
        case "drop":
            return {}
    if columns:
        raise ExportError(f"{name_of(step)} takes categories: {ENCODE} in front of it")
    return {}


def _encoded(parts: Iterable[tuple[str, Categories]]) -> Categories:
    """No categories, once all parallel steps have encoded them. Raises: ExportError if one step has not."""
    if passing := [name for name, categories in list(parts) if categories]:
        raise ExportError(f"the step {passing[0]!r} passes categories on as they are: {ENCODE}")
    return {}


def _known(encoder: Any, columns: Categories) -> list[Array]:
    return [
        np.array([_code(value, columns.get(index)) for value in categories])
        for index, categories in enumerate(encoder.categories_)
    ]


def _code(value: Any, codes: dict[Any, float] | None) -> float:
    if pd.isna(value):
        return nan
    return float(value) if codes is None else codes.setdefault(value, float(len(codes)))


def _ordinals(encoder: Any, codes: dict[Any, float], known: Array) -> Array:
    """The encoder's output for each code, and in the last place for null."""
    unknown = nan if encoder.unknown_value is None else encoder.unknown_value
    ordinals = np.full(len(codes) + 1, unknown, dtype=np.float64)
    for ordinal, code in enumerate(known):
        if np.isnan(code):
            ordinals[-1] = encoder.encoded_missing_value
        else:
            ordinals[int(code)] = ordinal
    return ordinals
