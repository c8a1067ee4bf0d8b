"""Score predictions against a target, with the usual metrics of each task."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics

from ..errors import EvaluationError
from ..runtime.prediction import tables_of
from ..schema.outputs import Array, Output, Task


def scores_of(
    task: Task, outputs: Sequence[Output], target: pd.DataFrame, predicted: Any, probabilities: Any = None
) -> dict[str, float]:
    """Scores by name, for several outputs by "<output>.<score>". Rows without a target are left out.

    Args:
        target: (n_rows, n_outputs), the true values.
        predicted, probabilities: the estimator's own arrays for these rows.
    Raises: EvaluationError if the target and the predictions are of different kinds.
    """
    table = np.asarray(predicted).reshape(len(target), -1)
    if target.shape != table.shape:
        raise EvaluationError(f"the target has {target.shape[1]} columns, but the estimator predicts {table.shape[1]}")
    scores: dict[str, float] = {}
    for index, (output, each) in enumerate(zip(outputs, tables_of(probabilities, len(outputs)), strict=True)):
        column = target.iloc[:, index]
        is_known = column.notna().to_numpy()
        if not is_known.any():
            raise EvaluationError(f"the target {column.name!r} is missing in every row")
        with warnings.catch_warnings(action="ignore"):  # with few rows some scores are undefined; they are left out
            found = dict(_scores(task, output, column[is_known], table[is_known, index], _rows(each, is_known)))
        prefix = f"{output.name}." if output.name else ""
        scores |= {prefix + name: score for name, score in found.items() if isfinite(score)}
    return scores


def numbers_of(target: pd.Series[Any]) -> Array:
    """The target as floats. Raises: EvaluationError if it holds anything but finite numbers."""
    try:
        # As objects, so that dates do not become numbers.
        numbers = target.astype(object).to_numpy().astype(np.float64)
    except (TypeError, ValueError):
        raise EvaluationError(f"the target {target.name!r} contains values that are not numbers") from None
    if not np.isfinite(numbers).all():
        raise EvaluationError(f"the target {target.name!r} contains infinity")
    return numbers


def _rows(probabilities: Any, chosen: Array) -> Array | None:
    return None if probabilities is None else np.asarray(probabilities)[chosen]


def _scores(
    task: Task, output: Output, target: pd.Series[Any], predicted: Array, probabilities: Array | None
) -> Iterator[tuple[str, float]]:
    match task:
        case "regression":
            numbers = numbers_of(target)
            yield "r2", float(metrics.r2_score(numbers, predicted))
            yield "mean_absolute_error", float(metrics.mean_absolute_error(numbers, predicted))
            yield "root_mean_squared_error", float(metrics.root_mean_squared_error(numbers, predicted))
        case "clustering":
            yield "adjusted_rand", float(metrics.adjusted_rand_score(target.astype(str), predicted))
        case _:  # labels
            true, guessed = _indices(target, output), _indices(pd.Series(predicted, name=target.name), output)
            yield "accuracy", float(metrics.accuracy_score(true, guessed))
            yield "balanced_accuracy", float(metrics.balanced_accuracy_score(true, guessed))
            if probabilities is not None and len(output.labels) > 1:
                yield "log_loss", float(metrics.log_loss(true, probabilities, labels=range(len(output.labels))))


def _indices(values: pd.Series[Any], output: Output) -> list[int]:
    """The index of each value among the labels, because the metrics of scikit-learn do not mix types."""
    position = {label: index for index, label in enumerate(output.labels)}
    try:
        return [position[value] for value in values.tolist()]
    except (KeyError, TypeError):
        labels = ", ".join(map(repr, output.labels[:10]))
        raise EvaluationError(
            f"the target {values.name!r} contains labels that the estimator does not know; it knows {labels}"
        ) from None
