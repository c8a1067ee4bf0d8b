"""The findings of experiments, obtained like the judge does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compare.experiments.registry import EXPERIMENTS
from compare.judging.claims import Figure, read_claims


def found_by(name: str) -> Mapping[str, Any]:
    return complete(name, EXPERIMENTS[name]())


def complete(name: str, found: Mapping[str, Figure]) -> Mapping[str, Any]:
    """The findings, checked: without a figure that a rule uses, its claim could never get a verdict."""
    for claim in read_claims():
        if claim.experiment == name:
            assert claim.needs - {ratio.name for ratio in claim.ratios} <= found.keys(), claim.number
    return found
