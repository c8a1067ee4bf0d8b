"""The estimator itself: opened from its pickle, and run by scikit-learn. What is compiled needs nothing of this."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
from sklearn.exceptions import InconsistentVersionWarning

from .errors import ArtifactError, reason
from .inputs import input_of
from .outputs import Output
from .signature import Row, Signature


def unpickled(path: Path, content: bytes, any_sklearn: bool) -> Any:
    """What the bytes of a pickle hold.

    Args:
        path: where they were read.
        any_sklearn: also what another version of scikit-learn has trained.
    Raises: ArtifactError
    """
    try:
        with warnings.catch_warnings():
            # The manifest's word is checked already; this is the word of each estimator in the pickle.
            warnings.simplefilter("ignore" if any_sklearn else "error", InconsistentVersionWarning)
            return joblib.load(io.BytesIO(content))
    except Exception as error:  # a pickle may raise anything: it is a program
        raise ArtifactError(f"{path} cannot be unpickled: {reason(error)}") from error


class FittedEstimator:
    """scikit-learn itself. Read-only; one call at a time (scikit-learn is not thread-safe)."""

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
        # A label is what `predict` says: for some classifiers (a tuned threshold) that is not the likeliest class.
        predicted = None if self._labels_are_likeliest else self._estimator.predict(given)
        return predicted, self._estimator.predict_proba(given) if self._has_probabilities else None
