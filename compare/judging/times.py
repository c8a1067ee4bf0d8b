"""Where the time of a request goes under load: the steps of its service, the rest, and the wait."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from ..measuring.run import Run
from .figures import Figures
from .held import SERVICE_LEVEL_MS

# The workload, and two shares of a service's maximum: at CALM a request hardly waits for others, at BUSY it does.
WORKLOAD = "compiled"
CALM, BUSY = 0.3, 0.7

REST, WAIT = "everything else", "wait"
US_PER_MS = 1_000


def times_us(run: Run, steps_us: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """The steps of each backend, and, as far as they are known, the rest and the wait of its median request.

    The rest is its other time while the service is calm. The wait is how much longer it takes while the service is
    busy, as the median of the rounds; if it takes less, the rest is less.
    """
    found = {}
    for lane, steps in steps_us.items():
        found[lane] = dict(steps)
        calm_ms = _p50_ms(run, lane, CALM)
        if calm_ms:
            longer_us = _longer_us(run, lane)
            least_us = median(calm_ms.values()) * US_PER_MS + min(0.0, longer_us or 0.0)
            found[lane][REST] = max(0.0, least_us - sum(steps.values()))
            if longer_us is not None:
                found[lane][WAIT] = max(0.0, longer_us)
    return found


def busy_per_s(run: Run, lane: str) -> float:
    """The rate that was offered to a busy lane."""
    return median(figures.offered_per_s or 0.0 for figures in _rounds(run, lane, BUSY).values())


def _longer_us(run: Run, lane: str) -> float | None:
    """None if the lane was not busy or did not hold that load: then the wait grows with the length of the cell."""
    calm_ms, busy_ms = _p50_ms(run, lane, CALM), _p50_ms(run, lane, BUSY)
    longer_ms = [busy_ms[index] - calm_ms[index] for index in calm_ms.keys() & busy_ms.keys()]
    if not longer_ms or median(figures.p99_ms for figures in _rounds(run, lane, BUSY).values()) > SERVICE_LEVEL_MS:
        return None
    return median(longer_ms) * US_PER_MS


def _p50_ms(run: Run, lane: str, share: float) -> dict[int, float]:
    """The p50 of each round."""
    return {index: figures.p50_ms for index, figures in _rounds(run, lane, share).items()}


def _rounds(run: Run, lane: str, share: float) -> dict[int, Figures]:
    """The rounds in which every answer was right."""
    cell = run.plan.at_share(WORKLOAD, lane, share)
    of_rounds = run.measured.get(cell, {}) if cell else {}
    return {index: figures for index, figures in of_rounds.items() if not figures.faults}
