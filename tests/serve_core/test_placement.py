"""Where the model is called: in the thread of the request if the call is short, in the model thread otherwise."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import Any

import pytest
from structlog.testing import capture_logs

from model.artifact import load
from serve_core.batching.placement import rows_in_place
from serve_core.settings import Settings
from serve_core.wire.problems import QueueFull

SLOW_S = 0.002
HERE = threading.current_thread().name


class Compiled:
    """Predicts the number of the call and its thread.

    A call with more rows than `n_short` is slow. It waits for `may_end` first, if there is one.
    """

    def __init__(self, n_short=10**6):
        self.n_calls = 0
        self.n_short = n_short
        self.has_begun = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def predict(self, rows):
        self.n_calls += 1
        if len(rows) > self.n_short:
            self.has_begun.set()
            self.may_end.wait()
            ends = perf_counter() + SLOW_S
            while perf_counter() < ends:
                pass
        return [{"call": self.n_calls, "thread": threading.current_thread().name}] * len(rows)


@pytest.fixture
def ask(service_of, rows_of):
    """Sends requests in one turn of an event loop, and returns the first prediction of each."""

    def ask(predictor, n_requests, rows=1, runtime="onnx", **settings):
        async def main():
            with service_of(predictor, runtime, **settings) as service:
                futures = [asyncio.wrap_future(service.submit(rows_of(rows))) for _ in range(n_requests)]
                return [predictions[0] for predictions in await asyncio.gather(*futures)]

        return asyncio.run(main())

    return ask


def threads(predictions):
    return {prediction["thread"] for prediction in predictions}


def calls(predictions):
    first = predictions[0]["call"]
    return [prediction["call"] - first for prediction in predictions]


def test_one_short_call_on_the_loop_serves_all_requests_of_a_turn(ask):
    predictions = ask(Compiled(), 5)

    assert threads(predictions) == {HERE}
    assert calls(predictions) == [0] * 5


@pytest.mark.parametrize(
    ("n_short", "settings"),
    [(2, {}), (10**6, {"max_batch_rows": 2}), (10**6, {"rows_in_place": 2})],
    ids=["as measured", "as a batch may have", "as the setting says"],
)
def test_a_call_on_the_loop_has_no_more_rows_than_a_short_one(ask, n_short, settings):
    predictions = ask(Compiled(n_short), 5, **settings)

    assert threads(predictions) == {HERE}
    assert calls(predictions) == [0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("n_rows", "runtime", "rows_in_place", "expected"),
    [
        (1, "onnx", "auto", HERE),
        (1, "sklearn", "auto", "model"),
        (1, "onnx", 0, "model"),
        (3, "onnx", 3, HERE),
        (4, "onnx", 3, "model"),
        (3, "sklearn", 3, HERE),
    ],
)
def test_the_setting_decides_which_requests_use_the_queue(ask, n_rows, runtime, rows_in_place, expected):
    assert threads(ask(Compiled(), 2, n_rows, runtime, rows_in_place=rows_in_place)) == {expected}


@pytest.mark.parametrize(("n_short", "expected"), [(2, 2), (0, 0)])
def test_auto_measures_the_rows_of_a_short_call(model, n_short, expected):
    with capture_logs() as lines:
        measured = rows_in_place(replace(model, runtime="onnx", predictor=Compiled(n_short)), Settings())

    assert measured == expected
    assert [line["rows_in_place"] for line in lines] == [expected]


def test_auto_never_calls_text_models_in_place(puppet):
    predictor: Any = Compiled()

    assert rows_in_place(replace(load(puppet), runtime="onnx", predictor=predictor), Settings()) == 0


def test_short_calls_continue_during_a_long_one(service_of, rows_of):
    predictor = Compiled(n_short=2)
    with service_of(predictor, "onnx") as service:
        predictor.may_end.clear()
        predictor.has_begun.clear()
        long = service.submit(rows_of(3))
        predictor.has_begun.wait()
        with ThreadPoolExecutor(8) as pool:
            short = list(pool.map(lambda n_rows: service.submit(rows_of(n_rows)).result(), [1, 2] * 50))
        predictor.may_end.set()

        assert threads(long.result()) == {"model"}
    assert [len(predictions) for predictions in short] == [1, 2] * 50
    assert "model" not in {prediction["thread"] for predictions in short for prediction in predictions}


def test_scikit_learn_gets_one_call_at_a_time_in_place_too(service_of, rows_of):
    predictor = Exclusive()
    with service_of(predictor, rows_in_place=1) as service, ThreadPoolExecutor(8) as pool:
        # Of two rows, a request goes to the model thread.
        list(pool.map(lambda n_rows: service.submit(rows_of(n_rows)).result(), [1, 1, 2] * 30))

    assert predictor.n_beside == 0


class Exclusive:
    """Counts the calls that began during another call."""

    def __init__(self):
        self.n_beside = 0
        self.is_free = threading.Lock()

    def predict(self, rows):
        if not self.is_free.acquire(blocking=False):
            self.n_beside += 1
            return [{}] * len(rows)
        try:
            threading.Event().wait(0.0001)  # lets other threads run
            return [{}] * len(rows)
        finally:
            self.is_free.release()


def test_queue_limits_apply_only_to_queued_requests(ask):
    assert len(ask(Compiled(), 5, max_queue_requests=2)) == 5

    with pytest.raises(QueueFull):
        ask(Compiled(), 5, rows_in_place=0, max_queue_requests=2)
