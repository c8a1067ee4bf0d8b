"""The result of the parity gate: does the ONNX graph predict what the estimator predicts?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import ManifestError

# The largest allowed difference of a probability, or of a value in standard deviations of the training target.
PARITY = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """
    Attributes:
        passed: whether the ONNX runtime may serve.
        finding: the result in words, without a full stop.
        rows: the number of rows that were compared, by their origin; empty without an export.
        differing_labels: the number of labels that differ.
        largest_difference: of a probability, or of a value in standard deviations of the training target. None if the
            model has neither.
    """

    passed: bool
    finding: str
    rows: Mapping[str, int] = field(default_factory=dict)
    differing_labels: int = 0
    largest_difference: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def parity_from_json(document: object) -> Parity:
    """Raises: ManifestError if it differs from what `Parity.to_json` writes."""
    kinds: dict[str, Any] = {
        "passed": bool,
        "finding": str,
        "rows": dict,
        "differing_labels": int,
        "largest_difference": float | None,
    }
    if (
        not isinstance(document, dict)
        or document.keys() != kinds.keys()
        or not all(isinstance(document[name], kind) for name, kind in kinds.items())
    ):
        raise ManifestError("has no valid 'parity'")
    return Parity(**document)
