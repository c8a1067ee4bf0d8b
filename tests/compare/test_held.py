"""A lane holds the highest offered rate at which the p99 is within the service level."""

from __future__ import annotations

import pytest

from compare.judging.figures import figures_of
from compare.judging.held import SERVICE_LEVEL_MS, held_per_s, held_ratio, rounds_held
from compare.measuring.load import Outcome
from compare.measuring.plan import Cell, Workload

CAPACITY_PER_S = 1000
SOON_S, LATE_S = SERVICE_LEVEL_MS / 1000, SERVICE_LEVEL_MS / 1000 + 0.001


def measured(lane, waits_s, *, faults=None):
    """A lane whose requests took these times, by share of the capacity and by round."""

    def figures(cell, wait_s):
        outcome = Outcome(waits_s=[wait_s] * 10, seconds=1.0)
        offered_per_s = CAPACITY_PER_S * cell.workload.share
        return figures_of(cell, outcome, cpu_s=0.0, offered_per_s=offered_per_s, faults=faults)

    cells = {Cell(Workload("m", 1, 1, share), lane): of_rounds for share, of_rounds in waits_s.items()}
    return {cell: {index: figures(cell, wait_s) for index, wait_s in enumerate(of)} for cell, of in cells.items()}


def held(waits_s, **more):
    interval = held_per_s(measured("a", waits_s, **more), "m", "a")
    assert interval
    return interval


def test_holds_the_highest_rate_within_the_service_level():
    assert held({0.3: [SOON_S] * 7, 0.6: [SOON_S] * 7, 0.9: [LATE_S] * 7}).median == 600
    assert held({0.3: [LATE_S] * 7}).median == 0


def test_one_stalled_round_does_not_decide():
    stood_still = {0.3: [SOON_S] * 5 + [LATE_S] * 2, 0.6: [LATE_S] + [SOON_S] * 6}

    assert held(stood_still).median == 600


def test_counts_the_rounds_in_which_a_load_was_held():
    loads = {0.3: [SOON_S] * 7, 0.6: [LATE_S] * 2 + [SOON_S] * 5, 0.9: [LATE_S] * 4 + [SOON_S] * 3}

    assert rounds_held(measured("a", loads), "m", "a") == (5, 7)
    assert rounds_held(measured("a", {0.3: [LATE_S] * 4 + [SOON_S] * 3}), "m", "a") == (0, 7)
    assert rounds_held({}, "m", "a") == (0, 0)


def test_the_interval_covers_disagreement_between_rounds():
    found = held({0.3: [SOON_S] * 7, 0.6: [SOON_S] * 4 + [LATE_S] * 3})

    assert (found.low, found.median, found.high) == (300, 600, 600)


def test_a_load_with_refusals_is_not_held():
    assert held({0.3: [SOON_S] * 7}, faults={"status 503": 1}).median == 0


def test_a_ratio_uses_only_rounds_with_both_lanes():
    rounds = measured("a", {0.3: [SOON_S] * 7, 0.6: [SOON_S] * 7}) | measured("b", {0.6: [SOON_S] * 6})

    ratio, n_rounds = held_ratio(rounds, "m", "a", "b")

    assert (str(ratio), n_rounds) == ("1.00 (1.00 to 1.00)", 6)


def test_a_ratio_is_the_one_nearest_to_1_within_the_bounds():
    all_of_them, the_least = {0.3: [SOON_S] * 7, 0.6: [SOON_S] * 7}, {0.2: [SOON_S] * 7, 0.4: [LATE_S] * 7}

    ratio, _ = held_ratio(measured("a", all_of_them) | measured("b", the_least), "m", "a", "b")
    other_way_round, _ = held_ratio(measured("a", the_least) | measured("b", all_of_them), "m", "a", "b")

    assert (str(ratio), str(other_way_round)) == ("1.50 (1.50 to 1.50)", "0.67 (0.67 to 0.67)")


def test_a_lane_that_holds_every_rate_may_hold_its_maximum():
    little, much = {0.3: [SOON_S] * 7}, {0.9: [SOON_S] * 7}

    ratio, _ = held_ratio(measured("a", much) | measured("b", little), "m", "a", "b")

    assert str(ratio) == "1.00 (1.00 to 1.00)"


def test_a_lane_that_holds_nothing_counts_with_its_lowest_rate():
    holds, does_not = {0.3: [SOON_S] * 7, 0.6: [SOON_S] * 7}, {0.3: [LATE_S] * 7, 0.6: [LATE_S] * 7}

    ratio, _ = held_ratio(measured("a", holds) | measured("b", does_not), "m", "a", "b")
    other_way_round, _ = held_ratio(measured("a", does_not) | measured("b", holds), "m", "a", "b")

    assert (str(ratio), str(other_way_round)) == ("2.00 (2.00 to 2.00)", "0.50 (0.50 to 0.50)")


def test_a_lane_that_holds_nothing_of_higher_rates_does_not_hold_more():
    much, little = {0.9: [LATE_S] * 7}, {0.3: [SOON_S] * 7}

    ratio, _ = held_ratio(measured("a", much) | measured("b", little), "m", "a", "b")
    other_way_round, _ = held_ratio(measured("a", little) | measured("b", much), "m", "a", "b")

    assert str(ratio) == str(other_way_round) == "1.00 (1.00 to 1.00)"


def test_rounds_without_a_held_load_show_no_difference():
    holds_seldom = {0.6: [SOON_S] * 4 + [LATE_S] * 3}

    ratio, _ = held_ratio(measured("a", holds_seldom) | measured("b", {0.3: [LATE_S] * 7}), "m", "a", "b")

    assert str(ratio) == "2.00 (1.00 to 2.00)"


@pytest.mark.parametrize("other", [{0.3: [LATE_S] * 7}, {}])
def test_no_ratio_without_a_held_load_or_without_both_lanes(other):
    ratio, _ = held_ratio(measured("a", {0.3: [LATE_S] * 7}) | measured("b", other), "m", "a", "b")

    assert ratio is None


def test_a_closed_loop_has_no_held_load():
    cell = Cell(Workload("m", 1, 1), "a")

    assert held_per_s({cell: {0: figures_of(cell, Outcome(), cpu_s=0.0)}}, "m", "a") is None
