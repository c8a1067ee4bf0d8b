"""Rows that may reveal a difference between an estimator and its graph: near the training rows, and at thresholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..schema.outputs import Array
from ..schema.signature import Feature, Row, Signature, Value

N_PERTURBED = 1000
N_PAIRS = 200
HALVINGS = 64  # until doubles of usual size are neighbours; near zero it would take a thousand

Scores = Callable[[list[Row]], Array]  # the answers of the estimator as numbers: (n_rows, n_scores)


def perturbed_rows(rows: Sequence[Row], signature: Signature, random: np.random.Generator) -> list[Row]:
    """Rows mixed from several rows: numbers moved by a tenth of their range, any category, sometimes 0 or null."""
    chosen = random.integers(len(rows), size=(N_PERTURBED, len(signature.features)))
    return [
        [
            _perturbed(rows[index][column], feature, random)
            for column, (index, feature) in enumerate(zip(indexes, signature.features, strict=True))
        ]
        for indexes in chosen
    ]


def threshold_rows(rows: Sequence[Row], signature: Signature, scores: Scores, random: np.random.Generator) -> list[Row]:
    """Pairs of rows that differ in one number by the least possible amount, on either side of a jump of the scores.

    A pair starts with the numbers of two training rows, and bisection follows the larger difference of the scores. With
    trees, it ends on both sides of a threshold, in the unit of the feature even if a later step scales it.
    """
    numbers = [index for index, feature in enumerate(signature.features) if feature.kind == "number"]
    pairs = []
    for _ in range(N_PAIRS if numbers else 0):
        row, other = (rows[index] for index in random.integers(len(rows), size=2).tolist())
        column = numbers[random.integers(len(numbers))]
        if row[column] not in (None, other[column]) and other[column] is not None:
            pairs.append((row, column, row[column], other[column]))
    if not pairs:
        return []

    def rows_at(values: Array) -> list[Row]:
        return [
            [*row[:column], value, *row[column + 1 :]]
            for (row, column, *_), value in zip(pairs, values.tolist(), strict=True)
        ]

    low, high = (np.array(ends, dtype=np.float64) for ends in list(zip(*pairs, strict=True))[2:])
    at_low, at_high = scores(rows_at(low)), scores(rows_at(high))
    for _ in range(HALVINGS):
        middle = low / 2 + high / 2
        at_middle = scores(rows_at(middle))
        is_below = abs(at_middle - at_low).sum(axis=1) >= abs(at_high - at_middle).sum(axis=1)
        low, high = np.where(is_below, low, middle), np.where(is_below, middle, high)
        at_low = np.where(is_below[:, None], at_low, at_middle)
        at_high = np.where(is_below[:, None], at_middle, at_high)
    return rows_at(low) + rows_at(high)


def _perturbed(value: Value, feature: Feature, random: np.random.Generator) -> Value:
    if feature.nullable and random.random() < 0.1:
        return None
    if feature.kind == "category":
        return feature.categories[random.integers(len(feature.categories))]
    if value is None or feature.kind not in ("number", "integer"):
        return value
    assert not isinstance(value, str)
    least, most = feature.observed or (0, 0)
    moved = value + random.normal() * (most - least) / 10 if random.random() < 0.95 else 0
    moved = moved if feature.minimum is None else max(moved, feature.minimum)
    moved = moved if feature.maximum is None else min(moved, feature.maximum)
    return round(moved) if feature.kind == "integer" else float(moved)
