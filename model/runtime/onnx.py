"""Run an exported estimator in ONNX Runtime: rows in, the same arrays out that the estimator would return."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from math import nan
from typing import Any

import numpy as np

# Set before the import: telemetry would start threads, which do not survive a fork, and leave a file behind.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

from ..errors import ExportError, reason
from ..schema.outputs import Array, Output
from ..schema.signature import Feature, Row, Signature, Value

ROWS = "rows"  # name of the graph's input: (n_rows, n_features), doubles, categories as `codes_of` codes them

TIE = 1e-6
FATAL = 4  # log level of onnxruntime, which raises its errors and by default prints them as well


class CompiledEstimator:
    """One session of onnxruntime, without threads of its own."""

    def __init__(
        self,
        graph: bytes,
        signature: Signature,
        outputs: Sequence[Output],
        *,
        labels_are_likeliest: bool,
        max_bytes: int | None = None,
    ) -> None:
        """
        Args:
            max_bytes: the memory that the graph may take; None sets no bound.
        Raises: ExportError if this version of onnxruntime cannot run the graph.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = FATAL
        if max_bytes is not None:
            # The session then takes its memory from an allocator of the process, which can have a bound.
            memory = ("Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT)
            bound = onnxruntime.OrtArenaCfg(max_bytes, 1, -1, -1)
            onnxruntime.create_and_register_allocator(onnxruntime.OrtMemoryInfo(*memory), bound)
            options.add_session_config_entry("session.use_env_allocators", "1")
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the exceptions of onnxruntime have no common base
            raise ExportError(f"onnxruntime {onnxruntime.__version__} cannot run it: {reason(error)}") from error
        names = [output.name for output in self._session.get_outputs()]
        self._has_probabilities = any(output.has_probabilities for output in outputs)
        self._likeliest_of = np.array(outputs[0].labels, dtype=object) if labels_are_likeliest else None
        self._answers = names[-1:] if labels_are_likeliest else names[: 1 + self._has_probabilities]
        self._table_of = _table_of(signature)

    def answer(self, rows: list[Row]) -> tuple[Any, Any]:
        """The arrays that `predict` and `predict_proba` would return.

        Raises: whatever onnxruntime raises.
        """
        answers = self._session.run(self._answers, {ROWS: self._table_of(rows)})
        if self._likeliest_of is not None:
            [probabilities] = answers
            if probabilities.dtype == np.float64:
                return None, probabilities
            return self._likeliest_of[_likeliest(probabilities)], probabilities
        return answers[0], answers[1] if self._has_probabilities else None


def _likeliest(probabilities: Array) -> Array:
    """The column with the highest probability in each row; the first one of a tie.

    onnxruntime sums forests in float32, so a tie in double may differ in the last digits.
    """
    columns: Array = (probabilities >= probabilities.max(axis=1, keepdims=True) - TIE).argmax(axis=1)
    return columns


def codes_of(feature: Feature) -> dict[Value, float]:
    """The code of each category in the graph. Other values are passed on unchanged, and null as NaN."""
    return {category: float(code) for code, category in enumerate(feature.categories)}


def _table_of(signature: Signature) -> Callable[[list[Row]], Array]:
    """A function that turns rows into the input of the graph."""
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
            table[:, narrow] = table[:, narrow].astype(np.float32)  # rounded as in the training column
        return table

    return table_of
