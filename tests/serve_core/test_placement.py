"""Where the model is called: on the event loop only where a call was measured to be short, and never scikit-learn's."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from time import perf_counter
from typing import Any

import pytest
from structlog.testing import capture_logs

from model.artifact import load
from serve_core.metrics import Metrics
from serve_core.placement import is_called_in_place
from serve_core.problems import QueueFull
from serve_core.service import Service
from serve_core.settings import Settings

from ..estimators import save_puppet

SLOW_S = 0.002


class Compiled:
    """Predicts in which call a row was, and on which thread."""

    def __init__(self, takes_s=0.0):
        self.n_calls = 0
        self.takes_s = takes_s

    def predict(self, rows):
        self.n_calls += 1
        ends = perf_counter() + self.takes_s
        while perf_counter() < ends:
            pass
        return [{"call": self.n_calls, "thread": threading.current_thread().name}] * len(rows)


@pytest.fixture
def ask(model, signature):
    """Asks of a service on an event loop so many requests in one turn, of one row each."""

    def ask(predictor: Any, n_requests: int, runtime: str = "onnx", **settings: Any) -> list[Any]:
        async def main() -> list[Any]:
            loop = asyncio.get_running_loop()
            service = Service(replace(model, runtime=runtime, predictor=predictor), Settings(**settings), Metrics())
            service.start(loop)
            try:
                promises: list[asyncio.Future[Any]] = [loop.create_future() for _ in range(n_requests)]
                for promise in promises:
                    service.submit([list(signature.example.values())], 0, promise)
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


def test_a_short_call_is_made_on_the_loop_for_all_that_came_in_one_turn(ask):
    predictions = ask(Compiled(), 5)

    assert threads(predictions) == {threading.current_thread().name}
    assert calls(predictions) == [0] * 5


def test_on_the_loop_too_a_call_takes_no_more_rows_than_a_batch(ask):
    assert calls(ask(Compiled(), 5, max_batch_rows=2)) == [0, 0, 1, 1, 2]


def test_a_longer_call_is_made_in_a_thread(ask):
    assert threads(ask(Compiled(takes_s=SLOW_S), 5)) == {"model"}


def test_scikit_learn_is_called_in_a_thread_however_short_a_call_is(ask):
    assert threads(ask(Compiled(), 5, runtime="sklearn")) == {"model"}


def test_a_model_that_reads_texts_is_called_in_a_thread_for_they_may_be_long(tmp_path):
    save_puppet(tmp_path / "artifact")

    assert not is_called_in_place(replace(load(tmp_path / "artifact"), runtime="onnx"), max_batch_rows=1)


def test_on_the_loop_too_the_queue_has_an_end(ask):
    with pytest.raises(QueueFull):
        ask(Compiled(), 3, max_queue_requests=2)


def test_says_where_the_model_is_called_and_how_long_a_call_takes(ask):
    with capture_logs() as lines:
        ask(Compiled(), 1, max_batch_rows=2000)
        ask(Compiled(takes_s=SLOW_S), 1, max_batch_rows=2000)
        ask(Compiled(), 1, runtime="sklearn")

    short, long, sklearn = lines
    assert (short["event"], short["runtime"], short["rows"]) == ("model called in place", "onnx", 2000)
    assert (long["event"], long["runtime"], long["rows"]) == ("model called in a thread", "onnx", 2000)
    assert short["call_ms"] < 1 < SLOW_S * 1000 <= long["call_ms"]
    assert (sklearn["event"], sklearn["runtime"]) == ("model called in a thread", "sklearn")
