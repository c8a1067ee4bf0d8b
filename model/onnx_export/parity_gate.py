"""Export a fitted estimator, and accept the graph only if it predicts the same for every row that is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ..artifact.parity import PARITY, Parity
from ..errors import ExportError, reason
from ..progress import Progress, silent
from ..runtime.inputs import rows_of
from ..runtime.onnx import CompiledEstimator
from ..runtime.prediction import tables_of
from ..runtime.sklearn import FittedEstimator
from ..schema.outputs import Array, Output
from ..schema.signature import Row, Signature
from .export import exported
from .probing import perturbed_rows, threshold_rows

# Compiling stops at these bounds. Where a graph needs more, the service is better off without it.
ROWS_PER_CALL = 1000  # the default of SERVE_MAX_BATCH_ROWS
MAX_CALL_BYTES = 2**30
MAX_SECONDS = 300  # checked after each call
TOO_LARGE = f"a call of {ROWS_PER_CALL} rows takes more than {MAX_CALL_BYTES >> 30} GiB"

IGNORE_UNKNOWN = "let its encoders accept other values, as OneHotEncoder does with handle_unknown='ignore'"

SEEDS = 1000  # the most training rows from which other rows are made

Answers = tuple[Any, Any]  # the arrays of `predict` and `predict_proba`


@dataclass(frozen=True, slots=True)
class Compiled:
    """
    Attributes:
        graph: the ONNX graph, or None if it did not pass.
        labels_are_likeliest: whether `predict` returned the likeliest label for every row that was tried.
    """

    graph: bytes | None
    parity: Parity
    labels_are_likeliest: bool


@dataclass(frozen=True, slots=True)
class _View:
    """Answers in one shape for all kinds of estimators.

    Attributes:
        labels: (n_rows, n_labels), a column for each output that is a label.
        numbers: (n_rows, n_numbers): probabilities, and values in standard deviations of the training target.
    """

    labels: Array
    numbers: Array


def compiled(
    estimator: Any,
    frame: pd.DataFrame,
    signature: Signature,
    outputs: Sequence[Output],
    answers: Answers,
    deviations: Sequence[float | None],
    progress: Progress = silent,
    reason_against: str | None = None,
) -> Compiled:
    """Export the estimator and compare the graph with it, on the training rows and on rows made from them.

    Args:
        answers: the answers of the estimator to the frame.
        deviations: the standard deviation of each output's training target; None for labels.
        reason_against: why the estimator is not to be exported.
    """
    deadline = monotonic() + MAX_SECONDS

    def view(answers: Answers) -> _View:
        return _view(answers, outputs, deviations)

    fitted = FittedEstimator(estimator, signature, outputs)
    # Probabilities reveal more about a threshold than labels.
    scored = FittedEstimator(estimator, signature, outputs, labels_are_likeliest=_has_one_table(outputs))
    with threadpool_limits(1):  # few rows, many calls: more threads would only wait for each other
        probes = _probes(fitted, scored, frame, signature, view)
        expected = {"training": view(answers)} | {origin: view(fitted.answer(rows)) for origin, rows in probes.items()}
    likeliest = _are_likeliest(outputs, expected.values())
    if reason_against or not probes:
        finding = reason_against or f"it predicts only the rows of the data: {IGNORE_UNKNOWN}"
        return Compiled(None, Parity(passed=False, finding=finding), likeliest)
    try:
        graph = exported(estimator, signature, labels_are_likeliest=likeliest)
        session = CompiledEstimator(graph, signature, outputs, labels_are_likeliest=likeliest, max_bytes=MAX_CALL_BYTES)
        actual = {
            origin: _joined(view(session.answer(rows)) for rows in chunks)
            for origin, chunks in [
                ("training", _chunks(frame, signature, deadline, progress)),
                *((origin, [rows]) for origin, rows in probes.items()),
            ]
        }
        parity = _parity(expected, actual)
    except ExportError as error:
        return Compiled(None, Parity(passed=False, finding=str(error)), likeliest)
    except Exception as error:  # onnxruntime may raise anything and return any shape
        is_too_large = "smaller than requested bytes" in str(error)
        finding = TOO_LARGE if is_too_large else f"the ONNX graph fails: {reason(error)}"
        return Compiled(None, Parity(passed=False, finding=finding), likeliest)
    return Compiled(graph if parity.passed else None, parity, likeliest)


def _probes(
    fitted: FittedEstimator,
    scored: FittedEstimator,
    frame: pd.DataFrame,
    signature: Signature,
    view: Callable[[Answers], _View],
) -> dict[str, list[Row]]:
    """Rows that are not in the data, by origin, without those that the estimator itself cannot predict."""
    random = np.random.default_rng(0)
    seeds = rows_of(frame.iloc[np.unique(np.linspace(0, len(frame) - 1, SEEDS).astype(int))], signature)

    def is_predicted(rows: list[Row]) -> bool:
        try:
            return bool(np.isfinite(view(fitted.answer(rows)).numbers).all())
        except Exception:  # an estimator may raise anything
            return False

    def predicted(rows: list[Row]) -> list[Row]:
        return rows if is_predicted(rows) else [row for row in rows if is_predicted([row])]

    def scores(rows: list[Row]) -> Array:
        found = view(scored.answer(rows))
        if found.numbers.size:
            # Without the labels: between two equally probable ones the last bits decide, and these depend on the CPU.
            return found.numbers
        return np.column_stack([np.unique(labels, return_inverse=True)[1] for labels in found.labels.T])

    try:
        at_thresholds = threshold_rows(seeds, signature, scores, random)
    except Exception:  # the estimator cannot predict one of the rows in between
        at_thresholds = []
    probes = {"perturbed": perturbed_rows(seeds, signature, random), "threshold": at_thresholds}
    return {origin: rows for origin, rows in ((origin, predicted(rows)) for origin, rows in probes.items()) if rows}


def _chunks(frame: pd.DataFrame, signature: Signature, deadline: float, progress: Progress) -> Iterator[list[Row]]:
    """Raises: ExportError after the deadline."""
    for start in range(0, len(frame), ROWS_PER_CALL):
        if monotonic() > deadline:
            raise ExportError(f"it took longer than {MAX_SECONDS} s")
        progress("comparing", start, len(frame))
        yield rows_of(frame.iloc[start : start + ROWS_PER_CALL], signature)
    progress("comparing", len(frame), len(frame))


def _view(answers: Answers, outputs: Sequence[Output], deviations: Sequence[float | None]) -> _View:
    predicted, probabilities = answers
    tables = tables_of(probabilities, len(outputs))
    if predicted is None:
        predicted = np.array(outputs[0].labels, dtype=object)[np.argmax(tables[0], axis=1)]
    columns = np.asarray(predicted).reshape(len(predicted), len(outputs)).T
    labels = [column.astype(object) for output, column in zip(outputs, columns, strict=True) if output.is_label]
    numbers = [column / deviation for column, deviation in zip(columns, deviations, strict=True) if deviation]
    numbers += [np.asarray(table, dtype=np.float64) for table in tables if table is not None]
    nothing = np.empty((len(predicted), 0))
    return _View(np.column_stack([nothing, *labels]), np.column_stack([nothing, *numbers]))


def _has_one_table(outputs: Sequence[Output]) -> bool:
    return len(outputs) == 1 and outputs[0].has_probabilities


def _joined(views: Iterator[_View]) -> _View:
    parts = list(views)
    return _View(np.concatenate([part.labels for part in parts]), np.concatenate([part.numbers for part in parts]))


def _are_likeliest(outputs: Sequence[Output], views: Iterable[_View]) -> bool:
    if not _has_one_table(outputs):
        return False
    labels = np.array(outputs[0].labels, dtype=object)
    return all((labels[view.numbers.argmax(axis=1)] == view.labels[:, 0]).all() for view in views)


def _parity(expected: dict[str, _View], actual: dict[str, _View]) -> Parity:
    rows = {origin: len(view.labels) for origin, view in expected.items()}
    differing = sum(int((view.labels != actual[origin].labels).sum()) for origin, view in expected.items())
    differences = [abs(view.numbers - actual[origin].numbers) for origin, view in expected.items()]
    largest = max((float(each.max()) for each in differences), default=0.0) if differences[0].size else None
    listed = ", ".join(f"{n_rows} {origin}" for origin, n_rows in rows.items())
    if differing:
        finding = f"its ONNX graph predicts {differing} labels differently on {listed} rows"
    elif largest is not None and not largest <= PARITY:  # NaN fails this comparison, too
        finding = f"its ONNX graph differs by up to {largest:.1e} on {listed} rows, but only {PARITY:.0e} is allowed"
    else:
        finding = f"its ONNX graph agrees with the estimator on {listed} rows"
    return Parity(
        passed=not differing and (largest is None or largest <= PARITY),
        finding=finding,
        rows=rows,
        differing_labels=differing,
        largest_difference=largest if largest is None or isfinite(largest) else None,
    )
