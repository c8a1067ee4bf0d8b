"""The judge sees no difference between equal lanes, finds one of a fifth, and gives verdicts by the rules.

`same_lane.json` contains recorded rounds of one lane against itself, and describes the recording; so does
`same_lane_held.json` for constant rates, one of which was held in about every other round.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from compare.judging.claims import Claim, Ratio
from compare.judging.figures import figures_of, ratio_of_turns
from compare.judging.held import held_ratio
from compare.judging.intervals import LEAST_ROUNDS, LEAST_SECONDS, Interval, interval_of
from compare.judging.judge import judge
from compare.measuring.load import Outcome
from compare.measuring.plan import Cell, Workload, read_plan
from compare.measuring.run import Run
from compare.measuring.server import Cores

RECORDED, RECORDED_HELD = (
    json.loads(Path(__file__).with_name(name).read_bytes())["rounds"]
    for name in ("same_lane.json", "same_lane_held.json")
)
N_RESAMPLES = 1_000
SEED = 20261122
LANES = ["one", "other"]
FIGURES = ["requests_per_s", "cpu_us"]  # of a turn, in this order
TRUE, FALSE, OUTDATED = ("speed >= 1.5",), ("speed < 1.1",), ("age > 7",)

PLAN = """
rounds = 7
seconds = 1.0
[lanes.one]
command = "one"
[lanes.other]
command = "other"
[[cells]]
workloads = ["penguins"]
lanes = ["one", "other"]
rows = [1]
connections = [1]
"""


def share_called_different(figure, planted=1.0):
    """The share of draws that differ, each of as many rounds as a verdict needs and with the planted factor."""
    chance = Random(SEED)
    return sum(interval_of(draw(chance, figure, planted)).is_a_difference for _ in range(N_RESAMPLES)) / N_RESAMPLES


def draw(chance, figure, planted):
    """Ratios of recorded rounds. Each round of a run starts its servers anew, so the order of the lanes is drawn."""
    ratios = []
    for each in chance.choices(RECORDED, k=LEAST_ROUNDS):
        one, other = ([turn[FIGURES.index(figure)] for turn in each[lane]] for lane in chance.sample(LANES, 2))
        ratios.append(ratio_of_turns([value * planted for value in one], other))
    return ratios


def share_of_held_called_different(planted=1.0):
    """The same for held loads."""
    chance = Random(SEED)
    ratios = [held_ratio(draw_held(chance, planted), "m", "one", "other")[0] for _ in range(N_RESAMPLES)]
    return sum(ratio.is_a_difference for ratio in ratios if ratio) / N_RESAMPLES


def draw_held(chance, planted):
    """The offered rates of recorded rounds, and their p99, by lane."""
    rounds = chance.choices(RECORDED_HELD, k=LEAST_ROUNDS)
    measured = {}
    for lane, factor in {"one": planted, "other": 1.0}.items():
        for share in rounds[0][lane]:
            cell = Cell(Workload("m", 1, 1, float(share)), lane)
            measured[cell] = {index: offered(cell, each[lane][share], factor) for index, each in enumerate(rounds)}
    return measured


def offered(cell, recorded, factor):
    per_s, p99_ms = recorded
    answered = Outcome(waits_s=[p99_ms / 1000], seconds=1.0)
    return figures_of(cell, answered, cpu_s=0.0, offered_per_s=per_s * factor)


@pytest.fixture
def run_of(tmp_path):
    """A run in which one lane was faster by these ratios, round by round."""
    (tmp_path / "plan.toml").write_text(PLAN)

    def run(ratios, *, seconds=LEAST_SECONDS, faults=None, load_share=0.5):
        made_up = Run(read_plan(tmp_path / "plan.toml", ["penguins"]), 7, seconds, 0, Cores(0, 0))
        for index, ratio in enumerate(ratios):
            for lane, per_s in {"one": round(1000 * ratio), "other": 1000}.items():
                cell = Cell(Workload("penguins", 1, 1), lane)
                outcome = Outcome(waits_s=[0.001] * per_s, seconds=1.0, load_share=load_share)
                made_up.measured[cell][index] = figures_of(cell, outcome, cpu_s=0.5, faults=faults)
        return made_up

    return run


def claim_of(**values):
    ratio = Ratio("speed", "requests_per_s", "one", "penguins", "other")
    return Claim(0, "It is faster.", "A", "measured", ratios=(ratio,), experiment="ages", **values)


def test_there_are_enough_recorded_rounds():
    assert min(len(RECORDED), len(RECORDED_HELD)) >= 40


def test_explains_a_missing_ratio_by_loads_that_were_not_held(run_of):
    run = run_of([1.0] * 7)
    for lane in LANES:
        cell = Cell(Workload("penguins", 1, 1, 0.5), lane)
        late = figures_of(cell, Outcome(waits_s=[1.0] * 9, seconds=1.0), cpu_s=0.5, offered_per_s=9.0)
        run.measured[cell] = dict.fromkeys(range(7), late)
    claim = claim_of(rules={"true": TRUE})

    [judged] = judge([replace(claim, ratios=(replace(claim.ratios[0], figure="held_per_s"),))], run, {})

    assert (judged.verdict, judged.why_not) == (
        "not measured",
        "one and other held none of the rates that the workload penguins offered.",
    )


def test_explains_figures_of_a_lane_outside_the_plan(run_of):
    run = run_of([1.0] * 7)
    cell = Cell(Workload("penguins", 1, 1, 0.5), "one")
    soon = figures_of(cell, Outcome(waits_s=[0.001] * 9, seconds=1.0), cpu_s=0.5, offered_per_s=9.0)
    run.measured[cell] = dict.fromkeys(range(7), soon)
    claim = claim_of(rules={"true": TRUE})

    [judged] = judge([replace(claim, ratios=(Ratio("speed", "held_per_s", "one", "penguins", "nobody"),))], run, {})

    assert (judged.verdict, judged.why_not) == ("not measured", "No round has all of its figures.")


@pytest.mark.slow
@pytest.mark.parametrize("figure", FIGURES)
def test_a_lane_seldom_differs_from_itself(figure):
    assert share_called_different(figure) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("planted", [1.2, 1 / 1.2])
def test_a_difference_of_a_fifth_is_found(figure, planted):
    assert share_called_different(figure, planted) >= 0.90


@pytest.mark.slow
def test_a_lane_seldom_holds_more_than_itself():
    assert share_of_held_called_different() <= 0.05


@pytest.mark.parametrize(
    ("ratios", "rules", "verdict"),
    [
        ([1.8, 2.0, 1.7, 1.6, 1.9, 2.1, 1.8], {"true": TRUE, "false": FALSE}, "true"),
        ([1.0, 0.9, 1.0, 1.0, 1.0, 0.9, 0.8], {"true": TRUE, "false": FALSE}, "false"),
        ([1.3, 1.4, 1.2, 1.3, 1.4, 1.3, 1.2], {"true": TRUE, "false": FALSE}, "depends"),
        ([1.0, 0.9, 1.0, 1.0, 1.0, 0.9, 0.8], {"true": TRUE, "outdated": OUTDATED}, "outdated"),
        ([1.8, 2.0, 1.7, 1.6, 1.9, 2.1, 1.8], {}, "not testable"),
    ],
)
def test_figures_get_the_verdict_of_the_first_matching_rule(run_of, ratios, rules, verdict):
    [judged] = judge([claim_of(rules=rules, untested="Nobody knows.")], run_of(ratios), {"ages": {"age": 10.0}})

    assert judged.verdict == verdict
    assert judged.why_not == ("" if rules else "Nobody knows.")
    assert judged.figures["speed"] == Interval(min(ratios), sorted(ratios)[3], max(ratios))


def test_reports_an_interval_that_crosses_a_bound(run_of):
    rules = {"true": TRUE, "false": FALSE}

    [judged] = judge(
        [claim_of(rules=rules, on="the machine")], run_of([1.8, 2.0, 1.4, 1.6, 1.9, 2.1, 1.8]), {"ages": {}}
    )

    assert judged.verdict == "depends"
    assert judged.why_not == "By its medians it would be true, but an interval crosses a bound."


def test_compares_adjacent_turns():
    # The machine was slow in the third turn, and one lane stalled in the last.
    assert ratio_of_turns([200, 200, 100, 200], [100, 100, 50, 1]) == 2.0
    assert ratio_of_turns([200], [0]) is None


def test_too_few_rounds_get_figures_but_no_verdict(run_of):
    [judged] = judge([claim_of(rules={"true": TRUE})], run_of([2.0] * 6), {})

    assert (judged.verdict, judged.figures) == ("not measured", {"speed": Interval(2.0, 2.0, 2.0)})
    assert judged.why_not == "A verdict takes 7 rounds of 5 s per cell; this run has 6 of 5 s."


def test_short_rounds_get_no_verdict(run_of):
    [judged] = judge([claim_of(rules={"true": TRUE})], run_of([2.0] * 7, seconds=0.5), {})

    assert judged.verdict == "not measured"
    assert judged.why_not == "A verdict takes 7 rounds of 5 s per cell; this run has 7 of 0.5 s."


def test_rounds_with_wrong_answers_do_not_count(run_of):
    [judged] = judge([claim_of(rules={"true": TRUE})], run_of([2.0] * 7, faults={"status 503": 1}), {})

    assert judged.verdict == "not measured"
    assert "Rounds with wrong answers from one do not count: 7." in judged.why_not


def test_explains_missing_rounds(run_of):
    run = run_of([2.0] * 2)
    run.absent["penguins", "one"] = "This lane died in round 3."

    [judged] = judge([claim_of(rules={"true": TRUE})], run, {})

    assert judged.why_not == (
        "A verdict takes 7 rounds of 5 s per cell; this run has 2 of 5 s. This lane died in round 3."
    )


def test_disturbed_rounds_get_no_verdict(run_of):
    run = run_of([2.0] * 7)
    run.others_shares = [0.001] * 6 + [0.5]

    [judged] = judge([claim_of(rules={"true": TRUE})], run, {})

    assert judged.verdict == "not measured"
    assert judged.why_not.endswith("50.0% in the worst round: the times cannot be trusted.")


def test_timed_experiments_get_no_verdict_in_quick_or_disturbed_runs(run_of):
    claim = Claim(5, "", "", "demonstrated", experiment="waits", rules={"true": ("longer >= 2",)}, is_timed=True)

    quick, full = (
        judge([claim], replace(run_of([1.0]), rounds=n_rounds), {"waits": {"longer": 3.0}})[0] for n_rounds in (1, 7)
    )

    assert (quick.verdict, quick.figures) == ("not measured", {"longer": 3.0})
    assert quick.why_not == "A quick run gives no verdict on experiments that measure time."
    assert full.verdict == "true"

    others = {"waits": 0.5, "counts": 0.0}
    spoilt = replace(run_of([1.0] * 7), rounds=7, others_in_experiments=others, others_shares=[0.0] * 7)
    assert judge([claim], spoilt, {"waits": {"longer": 3.0}})[0].why_not.startswith("Other processes")
    assert judge([replace(claim, experiment="counts")], spoilt, {"counts": {"longer": 3.0}})[0].verdict == "true"


def test_reports_a_busy_load_generator(run_of):
    [judged] = judge([claim_of(rules={"true": TRUE})], run_of([2.0] * 7, load_share=0.95), {})

    assert judged.verdict == "true"
    assert judged.why_not == "The load generator used nearly all of its core for one and other."


def test_a_figure_that_no_rule_uses_may_be_missing(run_of):
    claim = claim_of(rules={"true": TRUE})
    beside = replace(claim.ratios[0], name="beside", lane="nowhere")

    [judged] = judge([replace(claim, ratios=(*claim.ratios, beside))], run_of([2.0] * 7), {})

    assert judged.verdict == "true"


def test_explains_missing_figures(run_of):
    missing = run_of([])
    missing.absent["penguins", "other"] = "The program other is not installed."
    outdated = claim_of(rules={"outdated": OUTDATED})

    [without_lane] = judge([claim_of(rules={"true": TRUE})], missing, {})
    [without_experiment] = judge([outdated], run_of([1.0] * 7), {"ages": "It needs a calendar."})
    [without_figure] = judge([outdated], run_of([1.0] * 7), {"ages": {}})

    assert without_lane.why_not == "The program other is not installed."
    assert without_experiment.why_not == "It needs a calendar."
    assert without_figure.why_not == "The experiment ages did not report age."
    assert {each.verdict for each in (without_lane, without_experiment, without_figure)} == {"not measured"}
