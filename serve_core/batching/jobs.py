"""One model call for many requests: each gets its own predictions, and a failing request never fails its batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice

from model.runtime.prediction import Prediction
from model.schema.signature import Row

from ..wire.problems import ModelFailed, Refusal

Predictions = list[Prediction]
Answer = Predictions | Refusal


@dataclass(slots=True, eq=False)
class Job:
    """The rows of one request, and the future for its predictions."""

    rows: list[Row]
    request_id: str | None
    expires_s: float  # on the monotonic clock
    future: Future[Predictions] = field(default_factory=Future)


Answers = list[tuple[Job, Answer]]
Predict = Callable[[list[Job]], Predictions]


def answers_to(jobs: list[Job], predict: Predict, waits: Callable[[Job], bool]) -> Iterator[Answers]:
    """Yield the model's answers to the jobs that still wait, call by call.

    If a call fails, its jobs are asked again in halves. One failing job among n costs at most 2 * log2(n) + 1 more
    calls.

    Args:
        predict: calls the model once with the rows of all jobs, in their order; raises ModelFailed.
        waits: whether somebody still waits for the answer to a job.
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
    # Outside the `except`: later failures must not have this one as their context.
    if len(jobs) > 1 and any(map(waits, jobs)):
        yield from _answers_apart(jobs, predict, waits)
    else:
        yield [(job, failure) for job in jobs]


def _answers_apart(jobs: list[Job], predict: Predict, waits: Callable[[Job], bool]) -> Iterator[Answers]:
    """The answers to jobs that the model failed on in one call."""
    half = len(jobs) // 2
    first, second = jobs[:half], jobs[half:]
    fails_in_first = False
    for answers in answers_to(first, predict, waits):
        yield answers
        fails_in_first |= any(isinstance(answer, ModelFailed) for _, answer in answers)
    if fails_in_first or len(second) == 1:
        yield from answers_to(second, predict, waits)
    else:  # the second half must fail: no call has to show it
        yield from _answers_apart(second, predict, waits)
