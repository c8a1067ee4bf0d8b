"""Whether two lanes differ: the ratios of their rounds, their median, and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_RESAMPLES = 9_999

# A verdict needs at least seven ratios. Of seven, one resample in a hundred has the least as its median: at 99% the
# interval reaches from the least to the greatest, at 95% it does not. Seven fair coins fall on one side in 1.6% of all
# cases, six or seven of them in 12.5%: at 95% a lane would differ from itself too often.
# A test of the judge checks this with recorded rounds.
CONFIDENCE = 0.99

# With fewer rounds an interval is too narrow to trust, and in less time a cell does not settle.
LEAST_ROUNDS = 7
LEAST_SECONDS = 5.0


@dataclass(frozen=True)
class Interval:
    """The median of some ratios, and the bounds of the median of many more."""

    low: float
    median: float
    high: float

    @property
    def is_a_difference(self) -> bool:
        return not self.low <= 1.0 <= self.high

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def interval_of(ratios: Sequence[float], seed: int = 0) -> Interval:
    """
    Args:
        ratios: one for each round; at least one.
        seed: the seed of the resamples, so that the same rounds always give the same verdict.
    """
    values = np.asarray(ratios)
    return interval_around(float(np.median(values)), np.median(values[resamples(len(ratios), seed)], axis=1))


def resamples(n_rounds: int, seed: int = 0) -> NDArray[np.int_]:
    """Indices of rounds, drawn with replacement; shape (resamples, rounds).

    Source: the percentile bootstrap, Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    return np.random.default_rng(seed).choice(n_rounds, (N_RESAMPLES, n_rounds))


def interval_around(found: float, in_resamples: NDArray[np.float64]) -> Interval:
    """The interval around the value of all rounds, from the values of the resamples."""
    low, high = np.quantile(in_resamples, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), found, float(high))
