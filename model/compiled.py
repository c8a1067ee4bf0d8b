"""An exported estimator in onnxruntime: rows in, the arrays that the estimator would answer out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

# Before the import: it would report its use to its makers, from threads that do not survive a fork, and leave a file.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

from .errors import ExportError, reason
from .outputs import Array, Output
from .signature import Row, Signature

# The inputs of the graph: of each row its numbers (booleans are 0 and 1), and its strings.
NUMBERS, STRINGS = "numbers", "strings"

# What stands for null among strings: a tensor of strings has no missing value.
NULL = "\ue000null"

TIE = 1e-6
FATAL = 4  # onnxruntime's level: it raises what goes wrong, and would print it, too


class CompiledEstimator:
    """One session of onnxruntime, which has no threads of its own."""

    def __init__(self, graph: bytes, signature: Signature, outputs: Sequence[Output], *, labels_are_likeliest: bool):
        """Raises: ExportError where this onnxruntime cannot run the graph."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = FATAL
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has an exception for each of its status codes, without a common base
            raise ExportError(f"onnxruntime {onnxruntime.__version__} cannot run it: {reason(error)}") from error
        names = [output.name for output in self._session.get_outputs()]
        self._has_probabilities = any(output.has_probabilities for output in outputs)
        self._likeliest_of = np.array(outputs[0].labels, dtype=object) if labels_are_likeliest else None
        self._answers = names[1:2] if labels_are_likeliest else names[: 1 + self._has_probabilities]
        self._tables = _tables(signature)

    def answer(self, rows: list[Row]) -> tuple[Any, Any]:
        """What `predict` and `predict_proba` would answer.

        Raises: what onnxruntime raises.
        """
        answers = self._session.run(self._answers, {name: table_of(rows) for name, table_of in self._tables.items()})
        if self._likeliest_of is not None:
            return self._likeliest_of[_likeliest(answers[0])], answers[0]
        return answers[0], answers[1] if self._has_probabilities else None


def _likeliest(probabilities: Array) -> Array:
    """The column of the highest probability in each row, the first of several."""
    if probabilities.dtype == np.float32:
        # Forests are summed in it: what is a tie in double may differ in the last digits.
        probabilities = probabilities >= probabilities.max(axis=1, keepdims=True) - TIE
    columns: Array = probabilities.argmax(axis=1)
    return columns


def positions_of(signature: Signature) -> tuple[list[int], list[int]]:
    """Where the numbers stand in a row, and where the strings."""
    strings = [index for index, feature in enumerate(signature.features) if feature.kind in ("category", "text")]
    numbers = [index for index in range(len(signature.features)) if index not in strings]
    return numbers, strings


def _tables(signature: Signature) -> dict[str, Callable[[list[Row]], Array]]:
    """Of each input of the graph, how it is made of rows."""
    numbers, strings = positions_of(signature)
    narrow = [
        column for column, index in enumerate(numbers) if signature.features[index].dtype in ("float32", "Float32")
    ]

    def numbers_of(rows: list[Row]) -> Array:
        table = np.array(rows if not strings else _picked(rows, numbers), dtype=np.float64)  # None becomes NaN
        if narrow:
            table[:, narrow] = table[:, narrow].astype(np.float32)  # as the column that it was fitted on holds them
        return table

    def strings_of(rows: list[Row]) -> Array:
        return np.array([[NULL if value is None else value for value in row] for row in _picked(rows, strings)], object)

    tables: dict[str, Callable[[list[Row]], Array]] = {}
    if numbers:
        tables[NUMBERS] = numbers_of
    if strings:
        tables[STRINGS] = strings_of
    return tables


def _picked(rows: list[Row], positions: Sequence[int]) -> list[Any]:
    if len(positions) == 1:
        return [[row[positions[0]]] for row in rows]
    return list(map(itemgetter(*positions), rows))
