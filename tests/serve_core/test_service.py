"""The running model before it runs: what no client of our servers can see, but who puts the application elsewhere."""

from __future__ import annotations

import gc

import pytest

from serve_core.metrics import Metrics
from serve_core.problems import NotReady, ShuttingDown
from serve_core.service import Service
from serve_core.settings import Settings


@pytest.fixture(autouse=True)
def _collector_as_it_was():
    """A service that starts makes the garbage collector of its process rarer."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_takes_no_rows_before_it_is_started_and_after_it_is_stopped(model, signature):
    service = Service(model, Settings(), Metrics())
    row = list(signature.example.values())

    with pytest.raises(NotReady):
        service.submit([row])

    service.start()
    service.check_ready()
    predictions = service.submit([row])
    service.stop()
    assert len(predictions.result(0)) == 1

    with pytest.raises(ShuttingDown):
        service.check_ready()
