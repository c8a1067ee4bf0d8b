"""The queue's size in the metrics, between two steps that no client can hold apart."""

from __future__ import annotations

import math
from concurrent.futures import Future

from serve_core.metrics import Metrics
from serve_core.queue import Job, JobQueue
from serve_core.settings import Settings


def test_what_joins_a_queue_that_is_shown_is_seen_at_once():
    """A call shows the queue, and begins a moment later: who joins between the two waits for the whole call."""
    metrics = Metrics()
    queue = JobQueue(Settings(), metrics)
    queue.join(job(), show=False)
    queue.show()

    queue.join(job(), show=False)

    assert [sample.value for metric in metrics.queue_requests.collect() for sample in metric.samples] == [2]


def job():
    return Job([[1.0]], 0, "", math.inf, Future())
