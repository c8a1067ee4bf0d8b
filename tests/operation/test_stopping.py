"""After SIGTERM the service is not ready but answers predictions during the drain; then it stops."""

from __future__ import annotations

import time

import pytest

from ..watching import watching

LONG_MS = 10 * 60_000

ONE_WORKER_OR_TWO = pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])


@ONE_WORKER_OR_TWO
def test_the_service_answers_predictions_during_the_drain(serve, instance, workers):
    service = serve(workers=workers, drain_ms=LONG_MS)
    with watching(service) as watch:
        watch.wait_for_metric("serve_ready_workers", workers)

        service.terminate()
        watch.wait_for_metric("serve_ready_workers", 0)

        assert watch.get("/readyz").json()["code"] == "shutting_down"
        assert watch.request("POST", "/predict", json={"instances": [instance]}).status_code == 200
    service.kill()


@ONE_WORKER_OR_TWO
def test_the_service_stops_by_itself_after_the_drain(serve, tmp_path, monkeypatch, workers):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    service = serve(workers=workers, drain_ms=500)
    with watching(service) as watch:
        watch.wait_for_metric("serve_ready_workers", workers)

    began = time.monotonic()
    service.terminate()

    assert service.exit_code() == 0
    assert time.monotonic() - began >= 0.5
    assert not list(tmp_path.iterdir())
