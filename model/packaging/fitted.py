"""Find out what the estimator was fitted on: a frame, an array or texts, and which columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import EstimatorError
from ..schema.outputs import name_of
from ..schema.signature import FittedOn

# Enough to see which input an estimator accepts.
SAMPLE_ROWS = 5


def training_frame(estimator: Any, X: Any) -> tuple[pd.DataFrame, FittedOn]:  # noqa: N803
    """The training data as a frame with a name for each feature, and the kind of input that the estimator takes.

    Args:
        X: a DataFrame, an array of (n_rows, n_features), or a sequence of strings. The columns of an array get the
            names that the estimator knows, or else x0, x1, ...
    Raises: EstimatorError if the estimator was fitted on other columns.
    """
    if isinstance(X, pd.DataFrame):
        return _of_frame(estimator, X)
    if hasattr(X, "toarray") or not hasattr(X, "__len__"):
        raise EstimatorError(f"the data are a {type(X).__name__}: pass a DataFrame, an array, or a sequence of strings")
    if isinstance(X, pd.Series) or np.ndim(X) == 1:
        return _of_texts(X)
    array = np.asarray(X)
    if array.ndim != 2:
        raise EstimatorError(f"the data have {array.ndim} dimensions: pass rows and columns")
    return _of_array(estimator, array)


def _of_frame(estimator: Any, frame: pd.DataFrame) -> tuple[pd.DataFrame, FittedOn]:
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        _check_names(estimator, list(names), list(frame.columns))
        return frame[list(names)], "frame"
    if hasattr(estimator, "n_features_in_"):
        _check_count(estimator, frame.shape[1], list(frame.columns))
        return frame, "array" if _answers(estimator, frame.head(SAMPLE_ROWS).to_numpy()) else "frame"
    return frame, "texts" if _takes_texts(estimator, frame) else "frame"


def _of_texts(texts: Any) -> tuple[pd.DataFrame, FittedOn]:
    if not all(isinstance(text, str) for text in texts):
        raise EstimatorError("the data have one dimension and are not all strings: pass rows and columns, or texts")
    name = getattr(texts, "name", None)
    return pd.DataFrame({"text" if name is None else name: list(texts)}), "texts"


def _of_array(estimator: Any, array: Any) -> tuple[pd.DataFrame, FittedOn]:
    names = getattr(estimator, "feature_names_in_", None)
    _check_count(estimator, array.shape[1])
    columns = [f"x{index}" for index in range(array.shape[1])] if names is None else list(names)
    # Without the dtype, pandas would turn Python strings into its own, which cannot be None.
    frame = pd.DataFrame(array, columns=columns, dtype=object if array.dtype == object else None)
    return frame, "array" if names is None else "frame"


def _check_names(estimator: Any, fitted: list[Any], given: list[Any]) -> None:
    parts = []
    if missing := [name for name in fitted if name not in given]:
        parts.append(f"the data lack {_listed(missing)}")
    if surplus := [name for name in given if name not in fitted]:
        parts.append(f"it does not know {_listed(surplus)}")
    if parts:
        raise EstimatorError(f"{name_of(estimator)} was fitted on other columns: {'; '.join(parts)}")


def _check_count(estimator: Any, n_columns: int, names: list[Any] | None = None) -> None:
    n_fitted = getattr(estimator, "n_features_in_", n_columns)
    if n_columns != n_fitted:
        which = f" ({_listed(names)})" if names else ""
        raise EstimatorError(
            f"{name_of(estimator)} was fitted on an array of {n_fitted} columns, but the data have {n_columns}{which}"
        )


def _listed(names: list[Any], at_most: int = 10) -> str:
    shown = ", ".join(map(repr, names[:at_most]))
    return shown if len(names) <= at_most else f"{shown} and {len(names) - at_most} more"


def _takes_texts(estimator: Any, frame: pd.DataFrame) -> bool:
    """Whether it predicts a list of strings. Vectorizers keep no record of what they were fitted on, so try it."""
    texts = frame.iloc[:SAMPLE_ROWS, 0].tolist()
    if frame.shape[1] != 1 or not all(isinstance(text, str) for text in texts):
        return False
    return _answers(estimator, texts)


def _answers(estimator: Any, rows: Any) -> bool:
    try:
        return bool(np.shape(estimator.predict(rows))[:1] == (len(rows),))
    except Exception:  # any error means that it does not take these rows
        return False
