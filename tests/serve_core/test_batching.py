"""The number of model calls for a batch with failing requests."""

from __future__ import annotations

import math
from itertools import chain, combinations

import pytest

from serve_core.batching.jobs import Job, answers_to
from serve_core.wire.problems import ModelFailed


class Counting:
    """Predicts the value of a row, and fails if a row holds "faulty"."""

    def __init__(self):
        self.n_calls = 0

    def __call__(self, jobs):
        self.n_calls += 1
        rows = [row for job in jobs for row in job.rows]
        if ["faulty"] in rows:
            raise ModelFailed
        return [{"label": row[0]} for row in rows]


def jobs_of(n_jobs, faulty):
    return [
        Job([["faulty" if index in faulty else index]], request_id=None, expires_s=math.inf) for index in range(n_jobs)
    ]


def assert_each_its_own(jobs, answers, faulty):
    of = dict(chain.from_iterable(answers))
    for index, job in enumerate(jobs):
        if index in faulty:
            assert isinstance(of[job], ModelFailed)
        else:
            assert of[job] == [{"label": index}]


@pytest.mark.parametrize("n_jobs", range(1, 65))
def test_one_failing_request_costs_two_calls_for_each_halving(n_jobs):
    for faulty in range(n_jobs):
        predict = Counting()
        jobs = jobs_of(n_jobs, {faulty})

        assert_each_its_own(jobs, answers_to(jobs, predict, waits=lambda _: True), {faulty})
        assert predict.n_calls - 1 <= 2 * math.log2(n_jobs) + 1


def test_failing_requests_do_not_affect_others():
    for n_faulty in range(9):
        for faulty in combinations(range(8), n_faulty):
            jobs = jobs_of(8, faulty)

            assert_each_its_own(jobs, answers_to(jobs, Counting(), waits=lambda _: True), faulty)


def test_a_failed_batch_is_not_retried_when_nobody_waits():
    predict = Counting()
    jobs = jobs_of(8, {3})

    [answers] = answers_to(jobs, predict, waits=lambda _: predict.n_calls == 0)

    assert predict.n_calls == 1
    assert all(isinstance(answer, ModelFailed) for _, answer in answers)


def test_every_request_is_answered_as_soon_as_its_half_succeeds():
    predict = Counting()

    answered_after = {
        job: predict.n_calls
        for answers in answers_to(jobs_of(8, {6}), predict, waits=lambda _: True)
        for job, _ in answers
    }

    assert list(answered_after.values()) == [2, 2, 2, 2, 3, 3, 4, 5]


def test_abandoned_requests_are_not_predicted():
    predict = Counting()

    assert list(answers_to(jobs_of(8, ()), predict, waits=lambda _: False)) == []
    assert predict.n_calls == 0
