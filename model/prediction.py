"""Rows in, predictions out: the fitted estimator behind the names and JSON types that a client sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from .errors import BadPrediction
from .inputs import input_of
from .outputs import Array, Output
from .signature import Row, Signature, Value

# {"label": ..., "probabilities": {...}}, {"label": ...}, {"value": ...} or {"outputs": {name: one of these}}
Prediction = dict[str, Any]


def key_of(label: Value) -> str:
    """The label as a key of `probabilities`, its JSON text: true, 1, setosa."""
    return label if isinstance(label, str) else orjson.dumps(label).decode()


class Predictor:
    """A fitted estimator with its signature. Read-only; one call at a time (scikit-learn is not thread-safe)."""

    def __init__(self, estimator: Any, signature: Signature, outputs: Sequence[Output]) -> None:
        self._estimator = estimator
        self._signature = signature
        self._columns = [_Column(output) for output in outputs]
        self._has_probabilities = any(output.has_probabilities for output in outputs)

    def predict(self, rows: list[Row]) -> list[Prediction]:
        """One prediction per row, in the same order.

        Raises: BadPrediction, and whatever the estimator raises.
        """
        given = input_of(rows, self._signature)
        # The label is what `predict` says: for some classifiers (a tuned threshold) that is not the likeliest class.
        predicted = self._estimator.predict(given)
        probabilities = self._estimator.predict_proba(given) if self._has_probabilities else None
        return self.predictions_of(len(rows), predicted, probabilities)

    def predictions_of(self, n_rows: int, predicted: Any, probabilities: Any = None) -> list[Prediction]:
        """The estimator's arrays as predictions.

        Args:
            predicted: (n_rows,) or (n_rows, n_outputs).
            probabilities: (n_rows, n_labels); for several outputs a list of such, or (n_rows, n_outputs), how
                probably each applies.
        Raises: BadPrediction
        """
        n_outputs = len(self._columns)
        table = np.asarray(predicted)
        table = table.reshape(-1, 1) if table.ndim == 1 else table
        if table.shape != (n_rows, n_outputs):
            raise BadPrediction(
                f"predictions of shape {np.shape(predicted)}, where {n_outputs} for {n_rows} rows are due"
            )
        tables = tables_of(probabilities, n_outputs)
        columns = [column.predictions_of(*pair) for column, *pair in zip(self._columns, table.T, tables, strict=True)]
        if n_outputs == 1:
            return columns[0]
        names = [column.output.name for column in self._columns]
        return [{"outputs": dict(zip(names, row, strict=True))} for row in zip(*columns, strict=True)]


class _Column:
    """What is predicted for one output."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self._keys = [key_of(label) for label in output.labels]
        # Python finds True or 1.0 where it looks for 1: what a client sees has the type that it had at training.
        self._known = {label: label for label in output.labels}

    def predictions_of(self, predicted: Array, probabilities: Any) -> list[Prediction]:
        """From (n_rows,) and (n_rows, n_labels) or None. Raises: BadPrediction"""
        if not self.output.is_label:
            return [{"value": value} for value in _finite(predicted).tolist()]
        labels = self._labels(predicted)
        if not self.output.has_probabilities:
            return [{"label": label} for label in labels]
        table = _finite(probabilities)
        if table.shape != (len(labels), len(self._keys)):
            raise BadPrediction(
                f"probabilities of shape {table.shape} for {len(labels)} rows of {len(self._keys)} labels"
            )
        return [
            {"label": label, "probabilities": dict(zip(self._keys, row, strict=True))}
            for label, row in zip(labels, table.tolist(), strict=True)
        ]

    def _labels(self, predicted: Array) -> list[Value]:
        if not self._known:
            return [int(label) for label in predicted.tolist()]
        try:
            return [self._known[label] for label in predicted.tolist()]
        except KeyError:
            raise BadPrediction("a label that the estimator was not trained on") from None


def tables_of(probabilities: Any, n_outputs: int) -> list[Any]:
    """A table of (n_rows, n_labels) for each output, or None."""
    if probabilities is None:
        return [None] * n_outputs
    if n_outputs == 1:
        return [probabilities]
    if isinstance(probabilities, list):
        return probabilities
    return [np.column_stack([1 - positive, positive]) for positive in np.asarray(probabilities).T]


def _finite(values: Any) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise BadPrediction("a prediction is NaN or infinite")
    return array
