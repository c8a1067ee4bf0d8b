"""Gives verdicts on the claims from the figures of rounds and experiments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, median

from ..measuring.others import is_spoilt, of_others
from ..measuring.run import Run
from .claims import Claim, Figure, Ratio, Verdict
from .figures import BUSY_LOAD_SHARE, Figures, ratio_of_turns
from .held import held_ratio, offered
from .intervals import LEAST_ROUNDS, LEAST_SECONDS, Interval, interval_of

# This figure comes from a curve, not from a round.
HELD = "held_per_s"

# The findings of each experiment, or the reason why there are none.
Found = Mapping[str, Mapping[str, Figure] | str]


@dataclass(frozen=True)
class Judged:
    """
    Attributes:
        figures: the known figures of the claim.
        why_not: sentences, if there is no verdict, if it only depends on the interval, or if the load generator may
            have been the bottleneck.
    """

    claim: Claim
    figures: dict[str, Figure]
    verdict: Verdict
    why_not: str = ""


def judge(claims: Iterable[Claim], run: Run, found: Found) -> list[Judged]:
    return [_judged(claim, run, found) for claim in claims]


def values_of(run: Run, ratio: Ratio) -> list[float]:
    """One value for each round in which both lanes were measured."""
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
    needed = [ratio for ratio in claim.ratios if ratio.name in claim.needs]
    others_shares = run.others_shares if needed else []
    if claim.is_timed and claim.experiment in run.others_in_experiments:
        others_shares = [*others_shares, run.others_in_experiments[claim.experiment]]
    if is_spoilt(others_shares):
        return Judged(claim, figures, "not measured", of_others(others_shares))
    if claim.is_timed and run.is_quick:
        return Judged(claim, figures, "not measured", "A quick run gives no verdict on experiments that measure time.")
    if needed and (n_rounds < LEAST_ROUNDS or run.seconds < LEAST_SECONDS):
        floor = f"A verdict takes {LEAST_ROUNDS} rounds of {LEAST_SECONDS:g} s per cell"
        too_few = f"{floor}; this run has {n_rounds} of {run.seconds:g} s."
        return Judged(claim, figures, "not measured", " ".join([too_few, *_what_was_lost(run, needed)]))
    verdict = claim.verdict(figures)
    depends = _why_it_depends(claim, figures) if verdict == "depends" else ""
    return Judged(claim, figures, verdict, " ".join(filter(None, [depends, *_limited_by_load(run, needed)])))


def _interval(run: Run, ratio: Ratio) -> tuple[Interval | None, int]:
    """The interval and its number of rounds."""
    if ratio.figure == HELD and ratio.against:
        return held_ratio(run.measured, ratio.workload, ratio.lane, ratio.against)
    of_rounds = values_of(run, ratio)
    return interval_of(of_rounds) if of_rounds else None, len(of_rounds)


def _why_it_depends(claim: Claim, figures: Mapping[str, Figure]) -> str:
    by_medians = claim.verdict(
        {name: figure.median if isinstance(figure, Interval) else figure for name, figure in figures.items()}
    )
    if by_medians == "depends":
        return ""
    return f"By its medians it would be {by_medians}, but an interval crosses a bound."


def _by_round(run: Run, ratio: Ratio, lane: str) -> dict[int, list[float]]:
    """The figure in each turn of a round; one figure if the round had no turns.

    A round with a fault does not count: a refusal is quicker than an answer.
    """
    found = {}
    for index, figures in _rounds(run, ratio, lane).items():
        values = figures.in_turns(ratio.figure)
        if None not in values and not figures.faults:
            found[index] = values
    return found


def _rounds(run: Run, ratio: Ratio, lane: str) -> Mapping[int, Figures]:
    cell = run.plan.saturating(ratio.workload, lane)
    return run.measured.get(cell, {}) if cell else {}


def _lanes_of(ratios: Iterable[Ratio]) -> list[tuple[Ratio, str]]:
    return [(ratio, lane) for ratio in ratios for lane in (ratio.lane, ratio.against) if lane]


def _what_was_lost(run: Run, ratios: Iterable[Ratio]) -> list[str]:
    """The reasons why rounds are missing, each once."""
    reasons: list[str | None] = []
    for ratio, lane in _lanes_of(ratios):
        reasons.append(run.absent.get((ratio.workload, lane)))
        if n_wrong := sum(bool(figures.faults) for figures in _rounds(run, ratio, lane).values()):
            reasons.append(
                f"Rounds with wrong answers from {run.plan.lanes[lane].title or lane} do not count: {n_wrong}."
            )
    return [*dict.fromkeys(filter(None, reasons))]


def _limited_by_load(run: Run, ratios: Iterable[Ratio]) -> list[str]:
    """A sentence if the load generator may have been the bottleneck of a lane."""
    of_lanes = {lane: _rounds(run, ratio, lane).values() for ratio, lane in _lanes_of(ratios)}
    busy = [
        run.plan.lanes[lane].title or lane
        for lane, rounds in of_lanes.items()
        if rounds and median(figures.load_share for figures in rounds) > BUSY_LOAD_SHARE
    ]
    return [f"The load generator used nearly all of its core for {' and '.join(busy)}."] if busy else []


def _why_missing(name: str, claim: Claim, run: Run, experiment: Mapping[str, Figure] | str) -> str:
    for ratio in claim.ratios:
        if ratio.name == name:
            untold = "No round has all of its figures."
            lanes = [lane for _, lane in _lanes_of([ratio])]
            if ratio.figure == HELD and all(offered(run.measured, ratio.workload, lane) for lane in lanes):
                titles = " and ".join(run.plan.lanes[lane].title or lane for lane in lanes)
                untold = f"{titles} held none of the rates that the workload {ratio.workload} offered."
            return " ".join(_what_was_lost(run, [ratio])) or untold
    if isinstance(experiment, str):
        return experiment
    return claim.untested or f"The experiment {claim.experiment} did not report {name}."
