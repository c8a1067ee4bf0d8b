"""The running model before it runs: what no client of our servers can see, but who puts the application elsewhere."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from serve_core.metrics import Metrics
from serve_core.problems import NotReady, ShuttingDown
from serve_core.queue import Predictions
from serve_core.service import Service
from serve_core.settings import Settings


def test_takes_no_rows_before_it_is_started_and_after_it_is_stopped(model, signature):
    service = Service(model, Settings(), Metrics())
    row = list(signature.example.values())

    predictions: Future[Predictions] = Future()
    with pytest.raises(NotReady):
        service.submit([row], predictions, n_bytes=0, request_id="")

    service.start()
    service.check_ready()
    service.submit([row], predictions, n_bytes=0, request_id="")
    service.stop()
    assert len(predictions.result(0)) == 1

    with pytest.raises(ShuttingDown):
        service.check_ready()


def test_told_to_stop_while_it_starts_it_never_says_that_it_is_ready(model):
    metrics = Metrics()
    service = Service(model, Settings(), metrics)

    service.begin_shutdown()
    service.start()

    with pytest.raises(ShuttingDown):
        service.check_ready()
    assert [sample.value for metric in metrics.ready_workers.collect() for sample in metric.samples] == [0]
    service.stop()
