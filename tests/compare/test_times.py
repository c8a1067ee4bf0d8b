"""The time of the median request under load: steps, everything else, and the wait."""

from __future__ import annotations

import pytest

from compare.__main__ import PLAN
from compare.judging.figures import figures_of
from compare.judging.held import SERVICE_LEVEL_MS
from compare.judging.times import BUSY, CALM, WORKLOAD, busy_per_s, times_us
from compare.measuring.load import Outcome
from compare.measuring.models import MODELS
from compare.measuring.plan import GIVEN, read_plan
from compare.measuring.run import Run
from compare.measuring.server import Cores

STEPS_US = {"parse": 100.0, "predict": 300.0}
MOST_PER_S = 1_000


@pytest.fixture
def run_of():
    """A run of the plan of `make compare` in which FastAPI's requests took these milliseconds, by round."""

    def made(calm_ms, busy_ms, faults=None):
        plan = read_plan(PLAN, [*MODELS, GIVEN])
        run = Run(plan, 7, 5.0, 0, Cores(server=1, load=0))
        for share, of_rounds in ((CALM, calm_ms), (BUSY, busy_ms)):
            cell = plan.at_share(WORKLOAD, "fastapi", share)
            assert cell, share
            for index, took_ms in enumerate(of_rounds):
                outcome = Outcome(waits_s=[took_ms / 1000] * 10, seconds=1.0)
                of_round = faults if index == 0 else None
                run.measured[cell][index] = figures_of(
                    cell, outcome, cpu_s=0.0, offered_per_s=share * MOST_PER_S, faults=of_round
                )
        return run

    return made


def found(run):
    return {name: round(us) for name, us in times_us(run, {"fastapi": STEPS_US})["fastapi"].items()}


def test_the_rest_comes_from_a_calm_service_and_the_wait_from_a_busy_one(run_of):
    run = run_of([1.0, 5.0, 1.2], [3.0, 6.0, 2.0])

    assert found(run) == {"parse": 100, "predict": 300, "everything else": 800, "wait": 1000}  # of 2, 1 and 0.8 ms
    assert busy_per_s(run, "fastapi") == pytest.approx(700)  # swapped shares would give 300


def test_a_busy_service_that_answers_sooner_has_no_wait(run_of):
    assert found(run_of([1.0], [0.9])) == {**STEPS_US, "everything else": 500, "wait": 0}


def test_rounds_with_wrong_answers_do_not_count(run_of):
    faults = {"status 503": 1}

    assert found(run_of([0.1, 1.0], [0.1, 4.0], faults)) == {**STEPS_US, "everything else": 600, "wait": 3000}


@pytest.mark.parametrize("busy_ms", [[], [SERVICE_LEVEL_MS + 1]])
def test_the_wait_is_unknown_if_the_load_was_not_held(run_of, busy_ms):
    assert found(run_of([1.0], busy_ms)) == {**STEPS_US, "everything else": 600}


def test_only_the_steps_are_known_without_load(run_of):
    assert found(run_of([], [2.0])) == STEPS_US
