"""Rows in, predictions out: the fitted estimator behind the names and JSON types that a client sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .errors import BadPrediction
from .signature import Row, Signature, Value, frame_of

Task = Literal["classification", "regression"]
Prediction = dict[str, Any]  # {"label": ..., "probabilities": {...}}, {"label": ...} or {"value": ...}


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a prediction looks like.

    Attributes:
        labels: the classes in the order of the probabilities; empty for regression.
        has_probabilities: whether the classifier has `predict_proba`.
    """

    task: Task
    labels: tuple[Value, ...] = ()
    has_probabilities: bool = False


def outputs_of(estimator: Any) -> Outputs:
    """The kind of predictions that a fitted scikit-learn estimator makes."""
    if not hasattr(estimator, "classes_"):
        return Outputs("regression")
    labels = tuple(label.item() if isinstance(label, np.generic) else label for label in estimator.classes_)
    return Outputs("classification", labels, hasattr(estimator, "predict_proba"))


def key_of(label: Value) -> str:
    """The label's JSON text, as a key of `probabilities`: true, 1, setosa."""
    if isinstance(label, bool):
        return "true" if label else "false"
    return str(label)


class Predictor:
    """A fitted estimator with its signature. Read-only; one call at a time (scikit-learn is not thread-safe)."""

    def __init__(self, estimator: Any, signature: Signature, outputs: Outputs) -> None:
        self._estimator = estimator
        self._signature = signature
        self._outputs = outputs
        self._keys = [key_of(label) for label in outputs.labels]
        # Python finds True or 1.0 where it looks for 1: what a client sees has the type that it had at training.
        self._known = {label: label for label in outputs.labels}

    def predict(self, rows: list[Row]) -> list[Prediction]:
        """One prediction per row, in the same order.

        Raises: BadPrediction, and whatever the estimator raises.
        """
        frame = frame_of(rows, self._signature)
        if self._outputs.task == "regression":
            values = _checked(self._estimator.predict(frame), (len(rows),))
            return [{"value": value} for value in values.tolist()]
        if not self._outputs.has_probabilities:
            return [{"label": label} for label in self._labels(self._estimator.predict(frame), len(rows))]
        # The label is what `predict` says: for some classifiers (a tuned threshold) that is not the likeliest class.
        labels = self._labels(self._estimator.predict(frame), len(rows))
        probabilities = _checked(self._estimator.predict_proba(frame), (len(rows), len(self._keys)))
        return [
            {"label": label, "probabilities": dict(zip(self._keys, row, strict=True))}
            for label, row in zip(labels, probabilities.tolist(), strict=True)
        ]

    def _labels(self, predicted: Any, n_rows: int) -> list[Value]:
        array = np.asarray(predicted)
        if array.shape != (n_rows,):
            raise BadPrediction(f"labels of shape {array.shape} where {(n_rows,)} was due")
        try:
            return [self._known[label] for label in array.tolist()]
        except KeyError:
            raise BadPrediction("a label that the estimator was not trained on") from None


def _checked(values: Any, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != shape:
        raise BadPrediction(f"predictions of shape {array.shape} where {shape} was due")
    if not np.isfinite(array).all():
        raise BadPrediction("a prediction is NaN or infinite")
    return array
