"""Rows in, predictions out, with the names and JSON types that a client sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from math import isfinite
from typing import Any, Protocol

import numpy as np
import orjson

from ..errors import BadPrediction
from ..schema.outputs import Array, Output
from ..schema.signature import Row, Value

# {"label": ..., "probabilities": {...}}, {"label": ...}, {"value": ...} or {"outputs": {name: one of these}}
Prediction = dict[str, Any]


def key_of(label: Value) -> str:
    """The label as a key of `probabilities`, which is its JSON text: true, 1, setosa."""
    return label if isinstance(label, str) else orjson.dumps(label).decode()


class Answering(Protocol):
    """A runtime: the fitted estimator, or its ONNX graph."""

    def answer(self, rows: list[Row]) -> tuple[Any, Any]:
        """The arrays that `predict` and `predict_proba` return for the rows.

        Labels are None if they are always the likeliest ones, probabilities are None if the estimator has none.
        """


class Predictor:
    """Predictions as a client sees them."""

    def __init__(self, runtime: Answering, outputs: Sequence[Output]) -> None:
        self._runtime = runtime
        self._columns = [_Column(output) for output in outputs]

    def predict(self, rows: list[Row]) -> list[Prediction]:
        """One prediction per row, in the same order.

        Raises: BadPrediction, and whatever the runtime raises.
        """
        return self.predictions_of(len(rows), *self._runtime.answer(rows))

    def predictions_of(self, n_rows: int, predicted: Any, probabilities: Any = None) -> list[Prediction]:
        """Turn the arrays of the estimator into predictions.

        Args:
            predicted: (n_rows,) or (n_rows, n_outputs); None if the labels are the likeliest ones.
            probabilities: (n_rows, n_labels). For several outputs a list of such arrays, or (n_rows, n_outputs)
                with the probability that each label applies.
        Raises: BadPrediction
        """
        n_outputs = len(self._columns)
        if predicted is None:
            return self._columns[0].likeliest_of(n_rows, probabilities)
        table = np.asarray(predicted)
        table = table.reshape(-1, 1) if table.ndim == 1 else table
        if table.shape != (n_rows, n_outputs):
            raise BadPrediction(
                f"predictions of shape {np.shape(predicted)}, expected {n_outputs} for each of {n_rows} rows"
            )
        tables = tables_of(probabilities, n_outputs)
        columns = [column.predictions_of(*pair) for column, *pair in zip(self._columns, table.T, tables, strict=True)]
        if n_outputs == 1:
            return columns[0]
        names = [column.output.name for column in self._columns]
        return [{"outputs": dict(zip(names, row, strict=True))} for row in zip(*columns, strict=True)]


class _Column:
    """The predictions for one output."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self._keys = [key_of(label) for label in output.labels]
        # A dict finds True or 1.0 under 1. This mapping returns the label with its type at training.
        self._known = {label: label for label in output.labels}

    def predictions_of(self, predicted: Array, probabilities: Any) -> list[Prediction]:
        """From (n_rows,) and (n_rows, n_labels) or None. Raises: BadPrediction"""
        if not self.output.is_label:
            values = np.asarray(predicted, dtype=np.float64).tolist()
            _check_finite(values)
            return [{"value": value} for value in values]
        labels = self._labels(predicted)
        if not self.output.has_probabilities:
            return [{"label": label} for label in labels]
        return self._with_probabilities(labels, self._table(len(labels), probabilities))

    def likeliest_of(self, n_rows: int, probabilities: Any) -> list[Prediction]:
        """From (n_rows, n_labels). Raises: BadPrediction"""
        table = self._table(n_rows, probabilities)
        labels = [self.output.labels[row.index(max(row))] for row in table]
        return self._with_probabilities(labels, table)

    def _table(self, n_rows: int, probabilities: Any) -> list[list[float]]:
        table = np.asarray(probabilities, dtype=np.float64)
        if table.shape != (n_rows, len(self._keys)):
            raise BadPrediction(f"probabilities of shape {table.shape} for {n_rows} rows of {len(self._keys)} labels")
        # Plain Python from here on: for a single row, one more call of numpy costs more than all the rest.
        rows: list[list[float]] = table.tolist()
        _check_finite(chain.from_iterable(rows))
        return rows

    def _with_probabilities(self, labels: list[Value], table: list[list[float]]) -> list[Prediction]:
        return [
            {"label": label, "probabilities": dict(zip(self._keys, row, strict=True))}
            for label, row in zip(labels, table, strict=True)
        ]

    def _labels(self, predicted: Array) -> list[Value]:
        if not self._known:
            return [int(label) for label in predicted.tolist()]
        try:
            return [self._known[label] for label in predicted.tolist()]
        except KeyError:
            raise BadPrediction("a label that the estimator was not trained on") from None


def tables_of(probabilities: Any, n_outputs: int) -> list[Any]:
    """For each output a table of (n_rows, n_labels), or None."""
    if probabilities is None:
        return [None] * n_outputs
    if n_outputs == 1:
        return [probabilities]
    if isinstance(probabilities, list):
        return probabilities
    return [np.column_stack([1 - positive, positive]) for positive in np.asarray(probabilities).T]


def _check_finite(values: Iterable[float]) -> None:
    if not all(map(isfinite, values)):
        raise BadPrediction("a prediction is NaN or infinite")
