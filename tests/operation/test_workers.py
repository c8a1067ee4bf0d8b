"""Two workers: what one counts and what happens to it is the operator's to see, and no client's."""

from __future__ import annotations

import os
import signal
import time

import httpx
import pytest

from ..services import PATIENCE_S
from .asking import Asking, asking

ANSWERED = {"route": "/predict", "method": "POST", "status": "200"}


def both_workers(ask: Asking) -> set[int]:
    ask.wait_for_metric("serve_ready_workers", 2)
    workers: set[int] = set()
    while len(workers) < 2:
        workers.add(ask.worker())
    return workers


def wait_for_another_worker(ask: Asking, workers: set[int]) -> int:
    """Ask until one that is not of `workers` answers; every answer until then is a 200, and they are counted."""
    deadline, n_requests = time.monotonic() + PATIENCE_S, 1
    while ask.worker() in workers:
        n_requests += 1
        assert time.monotonic() < deadline, "the killed worker did not come back in time"
    return n_requests


def test_one_killed_under_load_costs_no_request_of_the_other_and_comes_back(serve, puppet):
    with asking(serve(puppet, workers=2)) as ask:
        workers = both_workers(ask)
        killed = ask.worker()

        # From here on it takes no request: all of the load is the other's.
        os.kill(killed, signal.SIGSTOP)
        assert {ask.worker() for _ in range(200)} == workers - {killed}
        os.kill(killed, signal.SIGKILL)

        wait_for_another_worker(ask, workers)
        ask.wait_for_metric("serve_ready_workers", 2)


def test_one_that_dies_in_a_call_leaves_no_gauge_behind(serve, puppet):
    with asking(serve(puppet, workers=2)) as ask:
        workers = both_workers(ask)

        with pytest.raises(httpx.RemoteProtocolError):
            ask.predict("die")

        wait_for_another_worker(ask, workers)
        ask.wait_for_metric("serve_queue_requests", 0)
        assert ask.metric("serve_queue_rows") == 0
        assert ask.metric("serve_ready_workers") == 2


def test_count_exactly_what_both_have_answered_dead_or_alive(serve, puppet):
    with asking(serve(puppet, workers=2)) as ask:
        workers = both_workers(ask)
        expected = ask.metric("serve_model_call_rows_sum")

        expected += [ask.predict("answer").status_code for _ in range(100)].count(200)
        responses = [ask.predict_later("answer") for _ in range(100)]
        expected += [response.result().status_code for response in responses].count(200)
        # A request may be counted when its answer is on its way, and who is killed in between counts it no more.
        ask.wait_for_metric("serve_request_seconds_count", expected, **ANSWERED)
        os.kill(max(workers), signal.SIGKILL)
        expected += wait_for_another_worker(ask, workers)

        ask.wait_for_metric("serve_request_seconds_count", expected, **ANSWERED)
        assert ask.metric("serve_model_call_rows_sum") == expected
