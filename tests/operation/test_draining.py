"""SIGTERM: not ready but still listening, then the end, with an answer to every request that was taken."""

from __future__ import annotations

import os
import signal
import time

import pytest

from serve_core.draining import ECHO_S

from .asking import asking

LONG_MS = 10 * 60_000


def end_drain(service, ask):
    """Without waiting for it, but for as long as a second signal is taken for an echo of the first."""
    began = time.monotonic()
    while time.monotonic() < began + ECHO_S:
        assert ask.get("/livez").status_code == 200
    os.killpg(service.process.pid, signal.SIGTERM)


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_what_is_in_flight_and_queued_and_turns_away_the_rest(serve, puppet, gate, workers):
    service = serve(puppet, workers=workers, drain_ms=LONG_MS, deadline_ms=LONG_MS)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", workers)
        held = [ask.predict_later(f"wait {gate.path}") for _ in range(8)]
        gate.wait_for_call()
        ask.wait_for_metric("serve_queue_requests", 8)

        service.terminate()
        ask.wait_for_metric("serve_ready_workers", 0)

        for refused in (ask.get("/readyz"), ask.predict("answer")):
            assert (refused.status_code, refused.json()["code"]) == (503, "shutting_down")
            assert int(refused.headers["Retry-After"]) > 0
        assert ask.get("/livez").status_code == 200
        assert ask.get("/model").status_code == 200

        end_drain(service, ask)
        gate.open()
        assert [response.result().status_code for response in held] == [200] * 8
    assert service.exit_code() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_drains_where_every_process_is_told_to_stop_at_once(serve, puppet, workers):
    """As systemd stops a service: each worker hears of it twice, from there and from its parent."""
    service = serve(puppet, workers=workers, drain_ms=LONG_MS)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", workers)

        os.killpg(service.process.pid, signal.SIGTERM)

        ask.wait_for_metric("serve_ready_workers", 0)
        end_drain(service, ask)
    assert service.exit_code() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_listens_for_the_drain_time_and_ends_by_itself(serve, puppet, workers):
    service = serve(puppet, workers=workers, drain_ms=1000)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", workers)

    began = time.monotonic()
    service.terminate()

    assert service.exit_code() == 0
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(("workers", "times"), [(1, 1), (1, 2), (2, 1)], ids=["one", "one, twice", "two"])
def test_answers_on_ctrl_c_what_is_in_flight_and_ends(serve, puppet, gate, workers, times):
    service = serve(puppet, workers=workers, deadline_ms=LONG_MS)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", workers)
        held = ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()

        n_lines = len(service.lines)
        os.killpg(service.process.pid, signal.SIGINT)  # as a terminal does it: to every process
        if times > 1:
            service.wait_for_a_line_beyond(n_lines)
            os.killpg(service.process.pid, signal.SIGINT)

        gate.open()
        assert held.result().status_code == 200
    assert service.exit_code() in (0, 130)
    assert not [line for line in service.lines if line.get("level") in (None, "error", "critical")]


def test_leaves_nothing_in_the_temporary_folder(serve, puppet, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    service = serve(puppet, workers=2)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", 2)

    service.terminate()

    assert service.exit_code() == 0
    assert not list(tmp_path.iterdir())
