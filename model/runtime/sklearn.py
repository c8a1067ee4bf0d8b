"""Unpickle the estimator and run it with scikit-learn. The ONNX runtime never imports this module."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
from sklearn.exceptions import InconsistentVersionWarning

from ..errors import ArtifactError, reason
from ..schema.outputs import Output
from ..schema.signature import Row, Signature
from .inputs import input_of


def unpickled(path: Path, content: bytes, allow_other_sklearn: bool) -> Any:
    """Unpickle the estimator from these bytes.

    Args:
        path: where the bytes come from, for error messages.
        allow_other_sklearn: accept an estimator that was trained with another version of scikit-learn.
    Raises: ArtifactError
    """
    try:
        with warnings.catch_warnings():
            # The version in the manifest is already checked; this checks the version of each estimator in the pickle.
            warnings.simplefilter("ignore" if allow_other_sklearn else "error", InconsistentVersionWarning)
            return joblib.load(io.BytesIO(content))
    except Exception as error:  # a pickle may raise anything: it is a program
        raise ArtifactError(f"{path} cannot be unpickled: {reason(error)}") from error


class FittedEstimator:
    """The estimator in scikit-learn. Read-only; one call at a time, because scikit-learn is not thread-safe."""

    def __init__(
        self, estimator: Any, signature: Signature, outputs: Sequence[Output], *, labels_are_likeliest: bool = False
    ) -> None:
        self._estimator = estimator
        self._signature = signature
        self._has_probabilities = any(output.has_probabilities for output in outputs)
        self._labels_are_likeliest = labels_are_likeliest

    def answer(self, rows: list[Row]) -> tuple[Any, Any]:
        """Raises: whatever the estimator raises."""
        given = input_of(rows, self._signature)
        # `predict` decides the label: with a tuned threshold, for example, it is not always the likeliest class.
        predicted = None if self._labels_are_likeliest else self._estimator.predict(given)
        return predicted, self._estimator.predict_proba(given) if self._has_probabilities else None
