"""One call of the model for many requests: each gets its own predictions, and one that fails the call fails alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, islice

from model.signature import Row

from .problems import ModelFailed
from .queue import Answer, Job, Predictions

Answers = list[tuple[Job, Answer]]
Predict = Callable[[list[Row]], Predictions]


def answers_to(jobs: list[Job], predict: Predict, waits: Callable[[Job], bool]) -> Answers:
    """What the model says to each job that still waits.

    Jobs at which it fails together are asked again in halves. Among n jobs, one at which it fails costs at most
    2 * log2(n) + 1 calls more.

    Args:
        predict: one call of the model; raises ModelFailed.
    """
    jobs = [job for job in jobs if waits(job)]
    if not jobs:
        return []
    try:
        predictions = iter(predict(list(chain.from_iterable(job.rows for job in jobs))))
    except ModelFailed as error:
        failure = error
    else:
        return [(job, list(islice(predictions, len(job.rows)))) for job in jobs]
    # Outside of the `except`: what fails from here on has a reason of its own.
    if len(jobs) > 1 and any(map(waits, jobs)):
        return _answers_apart(jobs, predict, waits)
    return [(job, failure) for job in jobs]


def _answers_apart(jobs: list[Job], predict: Predict, waits: Callable[[Job], bool]) -> Answers:
    """To jobs at which the model fails together."""
    half = len(jobs) // 2
    first, second = jobs[:half], jobs[half:]
    answers = answers_to(first, predict, waits)
    is_answered = not any(isinstance(answer, ModelFailed) for _, answer in answers)
    if is_answered and len(second) > 1:  # then it is the second half at which the model fails: no call has to show it
        return answers + _answers_apart(second, predict, waits)
    return answers + answers_to(second, predict, waits)
