"""Turns the counts of a cell into figures, and the figures of a round into ratios."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import Protocol

from ..measuring.load import Outcome
from ..measuring.plan import RATES, Cell, Goal

# A share of its core. Above it, the load generator may be the bottleneck.
BUSY_LOAD_SHARE = 0.9


@dataclass(frozen=True)
class Turn:
    """One turn of a cell in a round."""

    requests_per_s: float
    p50_ms: float
    cpu_us: float


IN_TURNS = {each.name for each in fields(Turn)}


@dataclass(frozen=True)
class Figures:
    """The figures of one cell in one round.

    Attributes:
        cpu_us: the CPU time of all processes of the lane per request.
        offered_per_s: the rate of an open loop; None for a closed one.
        load_share: the share of its core that the load generator and the upstream took; 0 without a load generator.
        memory_mib: the memory of the lane's processes after the load; 0 if the lane has no process.
        health_p99_ms: the p99 of health checks meanwhile; None if there were none.
        faults: the number of wrong answers, by what was wrong.
        turns: in their order; empty if there was only one.
    """

    requests: int
    seconds: float
    offered_per_s: float | None
    requests_per_s: float
    rows_per_s: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    p999_ms: float
    cpu_us: float
    load_share: float
    memory_mib: float
    health_p99_ms: float | None
    faults: dict[str, int]
    turns: tuple[Turn, ...] = ()

    def in_turns(self, figure: str) -> list[float]:
        """The figure of each turn; of the whole round if there was only one turn, or if a turn is too short."""
        parts = self.turns if self.turns and figure in IN_TURNS else (self,)
        return [getattr(part, figure) for part in parts]


class Bounded(Protocol):
    """The bounds of a figure; None for no bound."""

    @property
    def at_least(self) -> float | None: ...
    @property
    def at_most(self) -> float | None: ...


Measured = dict[Cell, dict[int, Figures]]  # by cell, then by round


def figures_of(
    cell: Cell,
    outcome: Outcome,
    *,
    cpu_s: float,
    offered_per_s: float | None = None,
    memory_mib: float = 0.0,
    health_ms: Sequence[float] = (),
    faults: Mapping[str, int] | None = None,
    turns: Sequence[Turn] = (),
) -> Figures:
    waits_ms = sorted(wait_s * 1000 for wait_s in outcome.waits_s)
    requests_per_s = len(waits_ms) / outcome.seconds if waits_ms else 0.0
    return Figures(
        requests=len(waits_ms),
        seconds=outcome.seconds,
        offered_per_s=offered_per_s,
        requests_per_s=requests_per_s,
        rows_per_s=requests_per_s * cell.workload.rows,
        p50_ms=percentile(waits_ms, 0.50),
        p90_ms=percentile(waits_ms, 0.90),
        p99_ms=percentile(waits_ms, 0.99),
        p999_ms=percentile(waits_ms, 0.999),
        cpu_us=cpu_s * 1e6 / max(len(waits_ms), 1),
        load_share=outcome.load_share,
        memory_mib=memory_mib,
        health_p99_ms=percentile(sorted(health_ms), 0.99) if health_ms else None,
        faults=dict(faults or {}),
        turns=tuple(turns),
    )


def turn_of(outcome: Outcome, cpu_s: float) -> Turn:
    n_answers = len(outcome.waits_s)
    return Turn(
        requests_per_s=n_answers / outcome.seconds if n_answers else 0.0,
        p50_ms=percentile(sorted(outcome.waits_s), 0.50) * 1000,
        cpu_us=cpu_s * 1e6 / max(n_answers, 1),
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least value that this share of all values does not exceed; 0 without values."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0.0


def median_of(measured: Measured, cell: Cell, figure: str) -> float:
    return median(float(getattr(figures, figure)) for figures in measured[cell].values())


def ratios(measured: Measured, figure: str, cell: Cell, against: Sequence[Cell]) -> list[float]:
    """One ratio for each round in which every cell was measured."""
    by_cell = [measured.get(each, {}) for each in (cell, *against)]
    found = []
    for each in sorted(set.intersection(*map(set, by_cell))):
        values, *others = (rounds[each].in_turns(figure) for rounds in by_cell)
        bases = [one_after_the_other(figure, of_turn) for of_turn in zip(*others, strict=False)]
        ratio = ratio_of_turns(values, bases)
        if ratio is not None:
            found.append(ratio)
    return found


def ratio_of_turns(values: Sequence[float], bases: Sequence[float]) -> float | None:
    """The ratio in one round: the median over pairs of adjacent turns. None if the divisor is 0."""
    found = [value / base for value, base in zip(values, bases, strict=False) if base]
    return median(found) if found else None


def one_after_the_other(figure: str, values: Sequence[float]) -> float:
    """The figure of lanes that run one after the other: times add up, and so do the inverses of rates."""
    if figure not in RATES:
        return sum(values)
    return 1 / sum(1 / value for value in values) if all(values) else 0.0


def goal_ratios(measured: Measured, goal: Goal) -> list[float]:
    against = [Cell(goal.asked, lane) for lane in goal.against]
    return ratios(measured, goal.figure, Cell(goal.asked, goal.lane), against)


def bound_of(bounded: Bounded) -> str:
    """The bound in words; empty if there is none."""
    if bounded.at_least is not None and bounded.at_least == bounded.at_most:
        return f"= {bounded.at_least:g}"
    at_least = f">= {bounded.at_least:g}" if bounded.at_least is not None else ""
    at_most = f"<= {bounded.at_most:g}" if bounded.at_most is not None else ""
    return " and ".join(filter(None, (at_least, at_most)))


def is_held(bounded: Bounded, value: float) -> bool:
    return (bounded.at_least is None or value >= bounded.at_least) and (
        bounded.at_most is None or value <= bounded.at_most
    )


def verdict(bounded: Bounded, value: float) -> str:
    if not bound_of(bounded):
        return ""
    return "holds" if is_held(bounded, value) else "falls short"
