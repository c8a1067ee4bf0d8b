"""A process of the service dies: what the operator sees, and whether the service continues."""

from __future__ import annotations

import socket

import httpx
import pytest

from ..services import eventually
from .asking import asking
from .test_workers import both_workers, wait_for_another_worker

pytestmark = pytest.mark.slow


def test_a_native_crash_shows_its_stack_and_costs_one_worker(serve, puppet):
    service = serve(puppet, workers=2)
    with asking(service) as ask:
        workers = both_workers(ask)

        with pytest.raises(httpx.RemoteProtocolError):
            ask.predict("crash opensesame")

        assert_shows_the_stack(service)
        assert "opensesame" not in str(service.lines)
        wait_for_another_worker(ask, workers)
        ask.wait_for_metric("serve_ready_workers", 2)
        # The dead worker's request no longer counts as waiting.
        assert ask.metric("serve_queue_requests") == ask.metric("serve_queue_rows") == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_listens_after_the_first_process_is_killed(serve, puppet, tmp_path, monkeypatch, workers):
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # no process is left to empty it
    service = serve(puppet, workers=workers)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", workers)
    port = service.port

    service.process.kill()

    eventually(lambda: not listens(port))


def assert_shows_the_stack(service):
    """The stack of the thread in native code, from Python's `faulthandler`."""
    service.logged("Fatal Python error: Segmentation fault")
    eventually(lambda: any(line["event"].endswith(" in _obeyed") for line in service.lines))


def listens(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
