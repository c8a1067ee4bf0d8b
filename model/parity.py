"""What the gate before the compiled runtime has found: whether an export predicts what the estimator itself does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .errors import ManifestError

# The largest difference of a probability, and of a value in standard deviations of the training target.
PARITY = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """
    Attributes:
        passed: the compiled runtime may serve.
        finding: a sentence without its full stop.
        rows: how many rows were compared, by where they come from; empty where there is no export.
        differing_labels: how many labels differ.
        largest_difference: of a probability, or of a value in standard deviations of the training target; None where
            there is neither.
    """

    passed: bool
    finding: str
    rows: Mapping[str, int] = field(default_factory=dict)
    differing_labels: int = 0
    largest_difference: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def parity_from_json(document: object) -> Parity:
    """Raises: ManifestError where it is not as `Parity.to_json` writes it."""
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
        raise ManifestError("has no usable 'parity'")
    return Parity(**document)
