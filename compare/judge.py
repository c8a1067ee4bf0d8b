"""Figures of the rounds and of the experiments in, verdicts out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from .claims import Claim, Figure, Ratio, Verdict
from .figures import ratio_of_turns
from .held import held_per_s, held_ratio, offered
from .intervals import LEAST_ROUNDS, Interval, interval_of
from .run import Run

# Not a figure of a round, but of a curve.
HELD = "held_per_s"

# By experiment, what it has found, or the sentence that says why it has not.
Found = Mapping[str, Mapping[str, float] | str]


@dataclass(frozen=True)
class Judged:
    """
    Attributes:
        figures: what is known of those that the claim has.
        why_not: a sentence, where there is no verdict, or where it depends on nothing but the interval.
    """

    claim: Claim
    figures: dict[str, Figure]
    verdict: Verdict
    why_not: str = ""


def judge(claims: Iterable[Claim], run: Run, found: Found) -> list[Judged]:
    return [_judged(claim, run, found) for claim in claims]


def values_of(run: Run, ratio: Ratio) -> list[float]:
    """One for each round in which both lanes were measured."""
    values = _by_round(run, ratio, ratio.lane)
    if ratio.against is None:
        return [fmean(turns) for turns in values.values()]
    others = _by_round(run, ratio, ratio.against)
    found = [ratio_of_turns(values[index], others[index]) for index in sorted(values.keys() & others.keys())]
    return [value for value in found if value is not None]


def _judged(claim: Claim, run: Run, found: Found) -> Judged:
    intervals = {ratio.name: _interval(run, ratio) for ratio in claim.ratios}
    figures: dict[str, Figure] = {name: interval for name, (interval, _) in intervals.items() if interval}
    experiment = found.get(claim.experiment, "It was not run.") if claim.experiment else {}
    if not isinstance(experiment, str):
        figures |= experiment
    if not claim.rules:
        return Judged(claim, figures, "not testable", claim.untested)
    if missing := sorted(claim.needs - figures.keys()):
        return Judged(claim, figures, "not measured", _why_missing(missing[0], claim, run, experiment))
    n_rounds = min((intervals[name][1] for name in claim.needs & intervals.keys()), default=LEAST_ROUNDS)
    if n_rounds < LEAST_ROUNDS:
        why_not = f"A verdict takes {LEAST_ROUNDS} rounds, and there were {n_rounds}."
        return Judged(claim, figures, "not measured", why_not)
    verdict = claim.verdict(figures)
    return Judged(claim, figures, verdict, _why_it_depends(claim, figures) if verdict == "depends" else "")


def _interval(run: Run, ratio: Ratio) -> tuple[Interval | None, int]:
    """And of how many rounds it is."""
    if ratio.figure == HELD:
        if ratio.against:
            return held_ratio(run.measured, ratio.workload, ratio.lane, ratio.against)
        return held_per_s(run.measured, ratio.workload, ratio.lane), run.rounds_done
    of_rounds = values_of(run, ratio)
    return interval_of(of_rounds) if of_rounds else None, len(of_rounds)


def _why_it_depends(claim: Claim, figures: Mapping[str, Figure]) -> str:
    by_medians = claim.verdict(
        {name: figure.median if isinstance(figure, Interval) else figure for name, figure in figures.items()}
    )
    if by_medians == "depends":
        return ""
    return f"By its medians it would be {by_medians}, but an interval reaches over a bound."


def _by_round(run: Run, ratio: Ratio, lane: str) -> dict[int, list[float]]:
    """The figure in each turn of a round; there is one where the round was not taken in turns."""
    cell = run.plan.saturating(ratio.workload, lane)
    of_rounds = run.measured.get(cell, {}) if cell else {}
    found = {}
    for index, figures in of_rounds.items():
        values = figures.in_turns(ratio.figure)
        if None not in values:
            found[index] = values
    return found


def _why_missing(name: str, claim: Claim, run: Run, experiment: Mapping[str, float] | str) -> str:
    for ratio in claim.ratios:
        if ratio.name == name:
            reasons = [run.absent.get((ratio.workload, lane)) for lane in (ratio.lane, ratio.against) if lane]
            untold = f"There is no round in which {name.replace('_', ' ')} could be told."
            if ratio.figure == HELD and offered(run.measured, ratio.workload, ratio.lane):
                untold = "Of the loads that were offered none was held."
            return " ".join(filter(None, reasons)) or untold
    if isinstance(experiment, str):
        return experiment
    return claim.untested or f"The experiment {claim.experiment} does not tell {name}."
