"""Check that a loaded model still predicts its golden rows as it did when it was packaged."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from ..errors import ArtifactError, reason
from ..runtime.prediction import Prediction, Predictor

# Batch sizes and CPUs change the last bits of a prediction (by 2.2e-16 for linear models).
TOLERANCE = 1e-6


def check_golden(path: Path, content: bytes, predictor: Predictor, scales: str, tolerance: float) -> None:
    try:
        golden = json.loads(content)
        rows, expected = golden["rows"], golden["predictions"]
        actual = predictor.predict(rows)
        differing = [
            index
            for index, pair in enumerate(zip(expected, actual, strict=True))
            if not agree(*pair, scales=golden[scales], tolerance=tolerance)
        ]
    except Exception as error:  # the estimator or a broken file may raise anything
        raise ArtifactError(f"{path}: the golden rows cannot be predicted: {reason(error)}") from error
    if differing:
        raise ArtifactError(f"{path}: the prediction for golden row {differing[0]} has changed since packaging")


def agree(
    expected: Prediction, actual: Prediction, *, scales: Sequence[float | None], tolerance: float = TOLERANCE
) -> bool:
    """Whether labels are the same, |Δp| <= tolerance, and values differ by at most tolerance * the output's scale."""
    if "outputs" in expected:
        pairs = zip(expected["outputs"].values(), actual["outputs"].values(), scales, strict=True)
        return all(agree(*pair, scales=[scale], tolerance=tolerance) for *pair, scale in pairs)
    if expected.keys() != actual.keys() or expected.get("label") != actual.get("label"):
        return False
    if "value" in expected:
        return math.isclose(expected["value"], actual["value"], rel_tol=0, abs_tol=tolerance * (scales[0] or 1.0))
    probabilities, others = expected.get("probabilities", {}), actual.get("probabilities", {})
    return probabilities.keys() == others.keys() and all(
        math.isclose(probabilities[key], others[key], rel_tol=0, abs_tol=tolerance) for key in probabilities
    )
