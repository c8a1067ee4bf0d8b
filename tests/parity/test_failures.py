"""Both services answer with the same bytes if they are overloaded, late, broken or shutting down."""

from __future__ import annotations

from ..estimators import save_puppet
from ..operation.asking import asking
from ..operation.gate import Gate
from ..services import BACKENDS, running


def promised(response):
    headers = {name: response.headers.get(name) for name in ("Content-Type", "Retry-After", "X-Request-ID")}
    return response.status_code, headers, response.content


def failures(backend, artifact, gate):
    """Every failure that a valid request can get."""
    with (
        running(backend, artifact, max_queue_requests=1, deadline_ms=2000, drain_ms=600_000) as service,
        asking(service) as ask,
    ):
        failed = ask.predict("raise words")
        ask.wait_for_metric("serve_queue_requests", 0)
        held = ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        refused = ask.predict("answer")
        late = held.result()
        ask.wait_for_status("/readyz", 503)
        busy = ask.predict("answer")
        gate.open()
        ask.wait_for_status("/readyz", 200)

        service.terminate()
        ask.wait_for_metric("serve_ready_workers", 0)
        not_ready = ask.request("GET", "/readyz", headers={"X-Request-ID": "a"})
        service.kill()
    return {
        "model_failed": promised(failed),
        "queue_full": promised(refused),
        "deadline_passed": promised(late),
        "model_busy": promised(busy),
        "shutting_down": promised(not_ready),
    }


def test_both_backends_answer_failures_alike(tmp_path):
    save_puppet(tmp_path / "artifact")
    of = {
        backend: failures(backend, tmp_path / "artifact", Gate(tmp_path / f"{backend}'s-gate")) for backend in BACKENDS
    }

    first, *others = of.values()
    assert [status for status, *_ in first.values()] == [500, 503, 504, 503, 503]
    for other in others:
        assert other == first
