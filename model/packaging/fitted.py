"""Find out what the estimator was fitted on: a frame, an array or texts, and which columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from ..errors import EstimatorError
from ..schema.dates import is_date
from ..schema.outputs import name_of
from ..schema.signature import FittedOn

INDEX = "Unnamed: 0"  # pandas' name for the index that `DataFrame.to_csv` writes

DATES: Final = "datetime64[us]"  # the dtype that pandas gives to dates in strings

# Enough to see which input an estimator accepts.
SAMPLE_ROWS = 5


def fitted_names(estimator: Any, columns: Sequence[Any] = ()) -> list[Any] | None:
    """The names of the columns that the estimator was fitted on, as the data spell them; None if it knows none.

    CatBoost calls them `feature_names_`, and numbers the columns of an array. LightGBM replaces spaces.
    """
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        names = getattr(estimator, "feature_names_", None)
        if names is None or list(names) == [str(index) for index in range(len(names))]:
            return None
    spelt = {str(column).replace(" ", "_"): column for column in columns} | {column: column for column in columns}
    return [spelt.get(name, name) for name in np.asarray(names).tolist()]


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


def wanted_corrections(estimator: Any, frame: pd.DataFrame) -> list[str]:
    """A sentence if the estimator fails on strings but predicts dates, or pandas categories, as LightGBM does."""
    rows = frame.head(SAMPLE_ROWS).reindex(columns=fitted_names(estimator, list(frame.columns)) or frame.columns)
    strings = list(rows.select_dtypes(exclude=["number", "bool", "category", "datetime"]))
    dates = [name for name in strings if all(map(is_date, frame[name].dropna()))]
    if _answers(estimator, rows):
        return []
    if dates and _answers(estimator, rows.astype(dict.fromkeys(dates, DATES))):
        return [f'it takes dates: add the correction kind = "date" for {_listed(dates)}']
    if strings and _answers(estimator, rows.astype(dict.fromkeys(strings, "category"))):
        return [f'it takes pandas categories: add the correction dtype = "category" for {_listed(strings)}']
    return []


def _of_frame(estimator: Any, frame: pd.DataFrame) -> tuple[pd.DataFrame, FittedOn]:
    names = fitted_names(estimator, list(frame.columns))
    if names is not None:
        _check_names(estimator, names, list(frame.columns))
        return frame[names], "frame"
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
    names = fitted_names(estimator)
    _check_count(estimator, array.shape[1])
    columns = [f"x{index}" for index in range(array.shape[1])] if names is None else names
    # Without the dtype, pandas would turn Python strings into its own, which cannot be None.
    frame = pd.DataFrame(array, columns=columns, dtype=object if array.dtype == object else None)
    return frame, "array" if names is None else "frame"


def _check_names(estimator: Any, fitted: list[Any], given: list[Any]) -> None:
    parts = []
    if missing := [name for name in fitted if name not in given]:
        parts.append(f"the data lack {_listed(missing)}")
        if INDEX in missing:
            parts.append(f"{INDEX!r} is an index that to_csv has written: fit again without it (index_col=0)")
    if surplus := [name for name in given if name not in fitted]:
        parts.append(f"it does not know {_listed(surplus)}")
    if parts:
        raise EstimatorError(f"{name_of(estimator)} was fitted on other columns: {'; '.join(parts)}")


def _check_count(estimator: Any, n_columns: int, names: list[Any] | None = None) -> None:
    n_fitted = getattr(estimator, "n_features_in_", 0) or n_columns  # 0: CatBoost does not pickle the number
    if n_columns != n_fitted:
        which = f" ({_listed(names)})" if names else ""
        if names and INDEX in names:
            which += f"; {INDEX!r} is the index that to_csv has written: drop it (--drop {INDEX!r})"
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
