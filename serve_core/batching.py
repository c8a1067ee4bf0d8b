"""One call of the model for many requests: each gets its own predictions, and one that fails the call fails alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from .problems import ModelFailed
from .queue import Answer, Job, Predictions

Answers = list[tuple[Job, Answer]]
Predict = Callable[[list[Job]], Predictions]


def answers_to(jobs: list[Job], predict: Predict, waits: Callable[[Job], bool]) -> Iterator[Answers]:
    """What the model says to each job that still waits, call by call.

    Jobs at which it fails together are asked again in halves. Among n jobs, one at which it fails costs at most
    2 * log2(n) + 1 calls more.

    Args:
        predict: one call of the model, with the rows of all jobs one after the other; raises ModelFailed.
    """
    jobs = [job for job in jobs if waits(job)]
    if not jobs:
        return
    try:
        predictions = iter(predict(jobs))
    except ModelFailed as error:
        failure = error
    else:
        yield [(job, list(islice(predictions, len(job.rows)))) for job in jobs]
        return
    # Outside of the `except`: what fails from here on has a reason of its own.
    if len(jobs) > 1 and any(map(waits, jobs)):
        yield from _answers_apart(jobs, predict, waits)
    else:
        yield [(job, failure) for job in jobs]


def _answers_apart(jobs: list[Job], predict: Predict, waits: Callable[[Job], bool]) -> Iterator[Answers]:
    """To jobs at which the model fails together."""
    half = len(jobs) // 2
    first, second = jobs[:half], jobs[half:]
    fails_in_first = False
    for answers in answers_to(first, predict, waits):
        yield answers
        fails_in_first |= any(isinstance(answer, ModelFailed) for _, answer in answers)
    if fails_in_first or len(second) == 1:
        yield from answers_to(second, predict, waits)
    else:  # it is the second half at which the model fails: no call has to show it
        yield from _answers_apart(second, predict, waits)
