"""Two workers: if one is killed, clients of the other notice nothing."""

from __future__ import annotations

import os
import signal
import time

import pytest

from ..services import PATIENCE_S
from .asking import Asking, asking

pytestmark = pytest.mark.slow

ANSWERED = {"route": "/predict", "method": "POST", "status": "200"}


def both_workers(ask: Asking) -> set[int]:
    ask.wait_for_metric("serve_ready_workers", 2)
    workers: set[int] = set()
    while len(workers) < 2:
        workers.add(ask.worker())
    return workers


def wait_for_another_worker(ask: Asking, workers: set[int]) -> int:
    """Ask until a worker answers that is not in `workers`. Returns the number of requests, all answered with 200."""
    deadline, n_requests = time.monotonic() + PATIENCE_S, 1
    while ask.worker() in workers:
        n_requests += 1
        assert time.monotonic() < deadline, "the killed worker did not come back in time"
    return n_requests


def test_a_killed_worker_is_replaced_and_counts_are_kept(serve, puppet):
    with asking(serve(puppet, workers=2)) as ask:
        workers = both_workers(ask)
        expected = ask.metric("serve_model_call_rows_sum")
        responses = [ask.predict_later("answer") for _ in range(100)]
        expected += [response.result().status_code for response in responses].count(200)
        # An answer may arrive before it is counted, and a killed worker counts no more.
        ask.wait_for_metric("serve_request_seconds_count", expected, **ANSWERED)

        os.kill(max(workers), signal.SIGKILL)
        expected += wait_for_another_worker(ask, workers)

        ask.wait_for_metric("serve_request_seconds_count", expected, **ANSWERED)
        assert ask.metric("serve_model_call_rows_sum") == expected
        ask.wait_for_metric("serve_ready_workers", 2)
