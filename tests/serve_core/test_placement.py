"""Where the model is called: in place only where a call was measured to be short, and never scikit-learn's."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import Any

import pytest
from structlog.testing import capture_logs

from model.artifact import load
from serve_core.metrics import Metrics
from serve_core.placement import rows_in_place
from serve_core.problems import QueueFull
from serve_core.service import Service
from serve_core.settings import Settings

from ..estimators import save_puppet

SLOW_S = 0.002


class Compiled:
    """Predicts in which call a row was, and on which thread.

    A call of more rows than `n_short` is slow, and waits for `may_end` first, where there is one.
    """

    def __init__(self, n_short=10**6):
        self.n_calls = 0
        self.n_short = n_short
        self.may_end: threading.Event | None = None
        self.has_begun = threading.Event()

    def predict(self, rows):
        self.n_calls += 1
        if len(rows) > self.n_short:
            self.has_begun.set()
            if self.may_end:
                self.may_end.wait()
            ends = perf_counter() + SLOW_S
            while perf_counter() < ends:
                pass
        return [{"call": self.n_calls, "thread": threading.current_thread().name}] * len(rows)


@pytest.fixture
def service_of(model):
    def service_of(predictor: Any, runtime: Any = "onnx", **settings: Any) -> Service:
        return Service(replace(model, runtime=runtime, predictor=predictor), Settings(**settings), Metrics())

    return service_of


@pytest.fixture
def rows_of(signature):
    return lambda n_rows: [list(signature.example.values())] * n_rows


@pytest.fixture
def ask(service_of, rows_of):
    """Asks of a service on an event loop in one turn; says of each request where it was predicted."""

    def ask(predictor: Any, n_requests: int, rows: int = 1, **settings: Any) -> list[Any]:
        async def main() -> list[Any]:
            loop = asyncio.get_running_loop()
            service = service_of(predictor, **settings)
            service.start(loop)
            try:
                promises: list[asyncio.Future[Any]] = [loop.create_future() for _ in range(n_requests)]
                for promise in promises:
                    service.submit(rows_of(rows), promise, n_bytes=0, request_id="")
                return [(await promise)[0] for promise in promises]
            finally:
                service.stop()

        return asyncio.run(main())

    return ask


def threads(predictions):
    return {prediction["thread"] for prediction in predictions}


def calls(predictions):
    first = predictions[0]["call"]
    return [prediction["call"] - first for prediction in predictions]


HERE = threading.current_thread().name


def test_a_short_call_is_made_on_the_loop_for_all_that_came_in_one_turn(ask):
    predictions = ask(Compiled(), 5)

    assert threads(predictions) == {HERE}
    assert calls(predictions) == [0] * 5


def test_on_the_loop_too_a_call_takes_no_more_rows_than_a_batch(ask):
    assert calls(ask(Compiled(), 5, max_batch_rows=2)) == [0, 0, 1, 1, 2]


def test_on_the_loop_a_call_takes_no_more_rows_than_were_measured_to_be_short(ask):
    predictions = ask(Compiled(n_short=2), 5)

    assert threads(predictions) == {HERE}
    assert calls(predictions) == [0, 0, 1, 1, 2]


def test_a_request_of_more_rows_is_predicted_in_a_thread(ask):
    assert threads(ask(Compiled(n_short=2), 5, rows=3)) == {"model"}


def test_what_comes_behind_a_long_call_is_predicted_on_the_loop_again(service_of, rows_of):
    predictor = Compiled(n_short=2)

    async def main() -> list[Any]:
        loop = asyncio.get_running_loop()
        service = service_of(predictor)
        service.start(loop)
        try:
            predictor.may_end, predictor.has_begun = threading.Event(), threading.Event()
            long: asyncio.Future[Any] = loop.create_future()
            service.submit(rows_of(3), long, n_bytes=0, request_id="")
            await asyncio.to_thread(predictor.has_begun.wait)
            short: asyncio.Future[Any] = loop.create_future()
            service.submit(rows_of(1), short, n_bytes=0, request_id="")
            predictor.may_end.set()
            return [(await promise)[0]["thread"] for promise in (long, short)]
        finally:
            service.stop()

    assert asyncio.run(main()) == ["model", HERE]


def test_a_model_of_which_one_row_takes_longer_is_called_in_a_thread(ask):
    assert threads(ask(Compiled(n_short=0), 5)) == {"model"}


def test_scikit_learn_is_called_in_a_thread_however_short_a_call_is(ask):
    assert threads(ask(Compiled(), 5, runtime="sklearn")) == {"model"}


def test_without_a_loop_a_short_call_is_made_in_the_thread_of_the_request_while_a_long_one_lasts(service_of, rows_of):
    predictor = Compiled(n_short=2)
    service = service_of(predictor)
    service.start()
    predictor.may_end, predictor.has_begun = threading.Event(), threading.Event()

    assert [service.is_in_place(rows_of(n_rows)) for n_rows in (1, 2, 3)] == [True, True, False]
    long: Future[Any] = Future()
    service.submit(rows_of(3), long, n_bytes=0, request_id="long")
    predictor.has_begun.wait()
    with ThreadPoolExecutor(16) as pool:
        short = list(pool.map(lambda n_rows: service.predict(rows_of(n_rows), "short"), [1, 2] * 500))
    predictor.may_end.set()
    assert threads(long.result()) == {"model"}
    service.stop()

    assert [len(predictions) for predictions in short] == [1, 2] * 500
    assert "model" not in {prediction["thread"] for predictions in short for prediction in predictions}


def test_a_model_that_reads_texts_is_called_in_a_thread_for_they_may_be_long(tmp_path):
    save_puppet(tmp_path / "artifact")

    assert not rows_in_place(replace(load(tmp_path / "artifact"), runtime="onnx"), max_batch_rows=1)


def test_on_the_loop_more_requests_than_the_queue_takes_are_predicted_rather_than_refused(ask):
    predictions = ask(Compiled(), 5, max_queue_requests=2)

    assert threads(predictions) == {HERE}
    assert calls(predictions) == [0, 0, 1, 1, 2]


def test_the_queue_has_an_end_for_what_a_short_call_cannot_take(ask):
    with pytest.raises(QueueFull):
        ask(Compiled(n_short=2), 5, rows=3, max_queue_requests=2)


def test_says_where_the_model_is_called_and_how_long_a_call_takes(ask):
    with capture_logs() as lines:
        ask(Compiled(n_short=8), 1)
        ask(Compiled(n_short=0), 1)
        ask(Compiled(), 1, runtime="sklearn")

    short, long, sklearn = lines
    assert (short["event"], short["runtime"], short["up_to_rows"]) == ("model called in place", "onnx", 8)
    assert (long["event"], long["runtime"], long["rows"]) == ("model called in a thread", "onnx", 1)
    assert short["call_ms"] < 1 < SLOW_S * 1000 <= long["call_ms"]
    assert (sklearn["event"], sklearn["runtime"]) == ("model called in a thread", "sklearn")
