"""An exported estimator in onnxruntime: rows in, the arrays that the estimator would answer out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from math import nan
from typing import Any

import numpy as np

# Before the import: it would report its use to its makers, from threads that do not survive a fork, and leave a file.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

from .errors import ExportError, reason
from .outputs import Array, Output
from .signature import Feature, Row, Signature, Value

ROWS = "rows"  # the graph's input: (n_rows, n_features), doubles as `codes_of` has them

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
        self._answers = names[-1:] if labels_are_likeliest else names[: 1 + self._has_probabilities]
        self._table_of = _table_of(signature)

    def answer(self, rows: list[Row]) -> tuple[Any, Any]:
        """What `predict` and `predict_proba` would answer.

        Raises: what onnxruntime raises.
        """
        answers = self._session.run(self._answers, {ROWS: self._table_of(rows)})
        if self._likeliest_of is not None:
            [probabilities] = answers
            is_sum_in_double = probabilities.dtype == np.float64
            return None if is_sum_in_double else self._likeliest_of[_likeliest(probabilities)], probabilities
        return answers[0], answers[1] if self._has_probabilities else None


def _likeliest(probabilities: Array) -> Array:
    """The column of the highest probability in each row, the first of several.

    Forests are summed in float32: what is a tie in double may differ in the last digits.
    """
    columns: Array = (probabilities >= probabilities.max(axis=1, keepdims=True) - TIE).argmax(axis=1)
    return columns


def codes_of(feature: Feature) -> dict[Value, float]:
    """What stands for each category in the graph. Other values stand for themselves, NaN for null."""
    return {category: float(code) for code, category in enumerate(feature.categories)}


def _table_of(signature: Signature) -> Callable[[list[Row]], Array]:
    """What makes the graph's input of rows."""
    codes = [
        (index, codes_of(feature) | {None: nan})
        for index, feature in enumerate(signature.features)
        if feature.kind == "category"
    ]
    narrow = [index for index, feature in enumerate(signature.features) if feature.dtype in ("float32", "Float32")]

    def coded(row: Row) -> Row:
        row = row.copy()
        for index, code_of in codes:
            row[index] = code_of[row[index]]
        return row

    def table_of(rows: list[Row]) -> Array:
        table = np.array([coded(row) for row in rows] if codes else rows, dtype=np.float64)  # None becomes NaN
        if narrow:
            table[:, narrow] = table[:, narrow].astype(np.float32)  # as the column that it was fitted on holds them
        return table

    return table_of
