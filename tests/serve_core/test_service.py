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
