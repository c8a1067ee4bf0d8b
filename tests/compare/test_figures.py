"""Figures, ratios and bounds are computed as documented."""

from __future__ import annotations

from collections import Counter

import orjson
import pytest

from compare.drills.site import Check
from compare.judging.figures import bound_of, figures_of, median_of, percentile, ratios, turn_of, verdict
from compare.measuring.load import Outcome
from compare.measuring.models import faults_of
from compare.measuring.plan import Cell, Goal, Workload
from model.runtime.prediction import Prediction

SMALL = Workload("m", 64, 1)
SLOW, FAST, OTHER = (Cell(SMALL, lane) for lane in ("slow", "fast", "other"))


def figures(requests_per_s, cell=SLOW, cpu_s=0.0, turns=()):
    """The figures of one second at a constant rate, or of several turns."""
    return figures_of(cell, second(requests_per_s), cpu_s=cpu_s, turns=[turn_of(second(each), 0.0) for each in turns])


def second(requests_per_s):
    return Outcome(waits_s=[1 / requests_per_s] * requests_per_s, seconds=1.0)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (0.991, 100), (1, 100), (0.001, 1)])
def test_a_percentile_is_the_least_value_that_covers_the_share(share, expected):
    assert percentile(range(1, 101), share) == expected


def test_figures_of_a_cell_are_rates_waits_and_cpu_time():
    outcome = Outcome(waits_s=[0.001] * 98 + [0.5, 0.002], seconds=2.0)

    found = figures_of(SLOW, outcome, cpu_s=0.5)

    assert (found.requests, found.requests_per_s, found.rows_per_s) == (100, 50, 3200)
    assert (found.p50_ms, found.p99_ms, found.cpu_us) == (1, 2, 5000)


def test_a_cell_without_an_answer_has_no_rate():
    assert figures_of(SLOW, Outcome(), cpu_s=0.5).requests_per_s == 0


def test_ratios_are_taken_round_by_round():
    measured = {
        SLOW: {0: figures(10), 1: figures(40), 2: figures(30), 3: figures(1)},
        FAST: {0: figures(100), 1: figures(100), 2: figures(10)},
    }

    assert ratios(measured, "requests_per_s", SLOW, [FAST]) == [0.1, 0.4, 3.0]
    assert median_of(measured, SLOW, "requests_per_s") == 20


def test_times_of_sequential_lanes_add_up():
    measured = {SLOW: {0: figures(10)}, FAST: {0: figures(40)}, OTHER: {0: figures(40)}}

    assert ratios(measured, "requests_per_s", SLOW, [FAST, OTHER]) == [0.5]
    assert ratios(measured, "p50_ms", SLOW, [FAST, OTHER]) == [2.0]


def test_the_ratio_of_a_round_is_the_median_over_adjacent_turns():
    measured = {
        SLOW: {0: figures(20, turns=[10, 20, 30])},
        FAST: {0: figures(80, turns=[40, 160, 40])},
        OTHER: {0: figures(80, turns=[40, 160, 40])},
    }

    assert ratios(measured, "requests_per_s", SLOW, [FAST]) == [0.25]
    assert ratios(measured, "p50_ms", SLOW, [FAST]) == [4.0]
    assert ratios(measured, "requests_per_s", SLOW, [FAST, OTHER]) == [0.5]
    assert ratios(measured, "p99_ms", SLOW, [FAST]) == [4.0]  # of the whole round


def test_an_unmeasured_lane_has_no_ratio():
    assert ratios({SLOW: {0: figures(10)}}, "requests_per_s", SLOW, [FAST]) == []


@pytest.mark.parametrize(
    ("bounds", "ratio", "expected"),
    [
        ({"at_least": 0.9}, 0.9, "holds"),
        ({"at_least": 0.9}, 0.899, "falls short"),
        ({"at_most": 1.4}, 1.4, "holds"),
        ({"at_most": 1.4}, 1.401, "falls short"),
        ({}, 5, ""),
    ],
)
def test_a_verdict_follows_from_ratio_and_bound(bounds, ratio, expected):
    goal = Goal("w", "m", 64, 1, "requests_per_s", "slow", ("fast",), **bounds)

    assert verdict(goal, ratio) == expected


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({}, ""),
        ({"at_least": 0.9}, ">= 0.9"),
        ({"at_most": 20.0}, "<= 20"),
        ({"at_least": 1, "at_most": 2}, ">= 1 and <= 2"),
        ({"at_least": 0, "at_most": 0}, "= 0"),
    ],
)
def test_formats_bounds(bounds, expected):
    assert bound_of(Check("a figure", 1.0, **bounds)) == expected


PREDICTIONS: list[list[Prediction]] = [[{"label": "a", "probabilities": {"a": 0.75, "b": 0.25}}], [{"value": 1234.5}]]


def answered(*predictions):
    return orjson.dumps({"predictions": list(predictions)})


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        (0, answered({"label": "a", "probabilities": {"a": 0.750001, "b": 0.249999}})),
        (1, answered({"value": 1234.501})),
    ],
)
def test_accepts_answers_of_another_runtime_or_batch(payload, body):
    assert not faults_of(Outcome(Counter({(payload, 200, body): 3})), PREDICTIONS)


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        (0, answered({"label": "b", "probabilities": {"a": 0.75, "b": 0.25}})),
        (0, answered({"label": "a", "probabilities": {"a": 0.7501, "b": 0.2499}})),
        (0, answered({"label": "a", "probabilities": {"a": 0.75}})),
        (0, answered(*PREDICTIONS[0], *PREDICTIONS[0])),
        (0, answered({"value": 1234.5})),
        (1, answered({"value": 1235.0})),
        (1, answered({"value": "1234.5"})),
        (1, answered(None)),
        (1, b'{"predictions": '),
        (1, b"[]"),
    ],
)
def test_detects_an_answer_to_another_request(payload, body):
    right = answered(*PREDICTIONS[payload])
    outcome = Outcome(Counter({(payload, 200, body): 3, (payload, 200, right): 5}))

    assert faults_of(outcome, PREDICTIONS) == {"another answer": 3}


def test_counts_refused_broken_and_unanswered_requests():
    outcome = Outcome(Counter({(0, 503, b""): 3, (0, 500, b""): 1}), n_broken=2, n_unanswered=4)

    assert faults_of(outcome, PREDICTIONS) == {"status 503": 3, "status 500": 1, "connection broken": 2, "no answer": 4}


def test_a_lane_without_a_model_has_one_answer():
    outcome = Outcome(Counter({(0, 200, b"same"): 3, (1, 200, b"same"): 3, (2, 200, b"other"): 1}))

    assert faults_of(outcome, None) == {"another answer": 1}
