"""How much load a lane holds: the highest offered rate at which nearly all requests were answered soon."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from .figures import Figures, Measured
from .intervals import Interval, interval_around, resamples

# A wait that a person hardly notices. A load counts as held up to this p99.
SERVICE_LEVEL_MS = 50

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Offered:
    """The open loops of a lane, one row each.

    Attributes:
        per_s: shape (loops, rounds).
        p99_ms: shape (loops, rounds); infinite in a round with a fault.
        at_most_per_s: the lane's rates in the closed loops that these rates are shares of, shape (rounds,).
    """

    rounds: tuple[int, ...]
    per_s: Floats
    p99_ms: Floats
    at_most_per_s: Floats

    def held_per_s(self, picked: NDArray[np.int_]) -> Floats:
        """The highest rate at which the median p99 is within the service level; 0 if there is none.

        A machine that stalls for a moment spoils the p99 of that round only.

        Args:
            picked: indices of rounds, shape (samples, rounds); the result has one rate for each sample.
        """
        return self.between_per_s(picked)[0]

    def between_per_s(self, picked: NDArray[np.int_]) -> tuple[Floats, Floats]:
        """The held rate and the next one, which was not held; the lane's maximum if there is no next one."""
        rates, at_most = np.median(self.per_s[:, picked], axis=2), np.median(self.at_most_per_s[picked], axis=1)
        is_held = np.median(self.p99_ms[:, picked], axis=2) <= SERVICE_LEVEL_MS
        held = np.where(is_held, rates, 0.0).max(axis=0)
        return held, np.where(rates > held, rates, np.maximum(at_most, held)).min(axis=0)


def offered(measured: Measured, name: str, lane: str, among: set[int] | None = None) -> Offered | None:
    """The rates that a workload offered to a lane in complete rounds, limited to `among`; None without any."""
    cells = [cell for cell in measured if (cell.workload.name, cell.lane) == (name, lane) and cell.workload.share]
    if not cells:
        return None
    rounds = set.intersection(*(set(measured[cell]) for cell in cells))
    kept = tuple(sorted(rounds if among is None else rounds & among))
    if not kept:
        return None
    figures = [[measured[cell][index] for index in kept] for cell in cells]
    per_s = np.array([[each.offered_per_s or 0.0 for each in row] for row in figures])
    shares = np.array([[cell.workload.share] for cell in cells])
    return Offered(
        kept,
        per_s,
        np.array([[p99_ms(each) for each in row] for row in figures]),
        (per_s / shares).max(axis=0),
    )


def p99_ms(figures: Figures) -> float:
    """Infinite if an answer was wrong."""
    return inf if figures.faults else figures.p99_ms


def held_per_s(measured: Measured, name: str, lane: str) -> Interval | None:
    """None if no constant rate was offered to the lane."""
    found = offered(measured, name, lane)
    if found is None:
        return None
    n_rounds = len(found.rounds)
    [held] = found.held_per_s(np.arange(n_rounds)[np.newaxis])
    return interval_around(float(held), found.held_per_s(resamples(n_rounds)))


def rounds_held(measured: Measured, name: str, lane: str) -> tuple[int, int]:
    """The number of rounds in which the held load was held, and of all rounds; 0 if the lane holds none."""
    found = offered(measured, name, lane)
    if found is None:
        return 0, 0
    is_within = found.p99_ms <= SERVICE_LEVEL_MS
    is_held = np.median(found.p99_ms, axis=1) <= SERVICE_LEVEL_MS
    highest = np.argmax(np.where(is_held, np.median(found.per_s, axis=1), 0.0))
    return int(is_within[highest].sum()) if is_held.any() else 0, len(found.rounds)


def held_ratio(measured: Measured, name: str, lane: str, against: str) -> tuple[Interval | None, int]:
    """The ratio and its number of rounds; no ratio if neither lane holds a load.

    The most that a lane can hold lies between the highest rate that it held and the next one. So only the bounds of the
    ratio are known; the result is the ratio nearest to 1 within them.
    """
    lanes = [offered(measured, name, each) for each in (lane, against)]
    in_both = set.intersection(*(set(each.rounds) if each else set[int]() for each in lanes))
    one, other = (offered(measured, name, each, in_both) for each in (lane, against))
    if one is None or other is None:
        return None, 0
    n_rounds = len(in_both)
    as_measured, picked = np.arange(n_rounds)[np.newaxis], resamples(n_rounds)
    if not any(lane.held_per_s(as_measured)[0] for lane in (one, other)):
        return None, n_rounds
    return interval_around(float(_ratios(one, other, as_measured)[0]), _ratios(one, other, picked)), n_rounds


def _ratios(one: Offered, other: Offered, picked: NDArray[np.int_]) -> Floats:
    """One ratio for each sample."""
    (held, not_held), (other_held, other_not_held) = one.between_per_s(picked), other.between_per_s(picked)
    with np.errstate(divide="ignore"):  # the ratio to nothing is unknown
        ratios: Floats = np.clip(1.0, held / other_not_held, not_held / other_held)
    return ratios
