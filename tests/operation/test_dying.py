"""A model that kills its process: the log names the requests that it was called for, and the service comes back."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress

import httpx
import pytest

from ..services import PATIENCE_S
from .asking import asking, values

LONG_MS = 10 * 60_000
DIED = "died in a call of the model"


def test_names_the_request_in_flight(serve, puppet):
    service = serve(puppet)
    with asking(service) as ask:
        ask.predict("answer", request_id="answered")

        with pytest.raises(httpx.RemoteProtocolError):
            ask.predict("die", request_id="deadly")

        line = service.logged(DIED)
        assert (line["level"], line["request_ids"]) == ("error", ["deadly"])
        wait_until_it_answers_or_has_ended(service, ask)


def test_names_the_request_in_flight_of_one_of_two_workers(serve, puppet):
    service = serve(puppet, workers=2)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", 2)

        with pytest.raises(httpx.RemoteProtocolError):
            ask.predict("die", request_id="deadly")

        assert service.logged(DIED)["request_ids"] == ["deadly"]
        ask.wait_for_metric("serve_ready_workers", 2)
        assert values(ask.predict("answer")) == [0.0]


def test_names_all_that_went_in_the_call_and_none_of_their_values(serve, puppet, gate):
    service = serve(puppet, deadline_ms=LONG_MS)
    with asking(service) as ask:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        queued = ask.queue(["opensesame"], ["die"], ["opensesame"])
        gate.open()

        assert service.logged(DIED)["request_ids"] == ["number-0", "number-1", "number-2"]
        assert all(isinstance(response.exception(), httpx.TransportError) for response in queued)
        wait_until_it_answers_or_has_ended(service, ask)
    assert "opensesame" not in str(service.lines)


def test_says_nothing_of_a_worker_that_is_killed_between_calls(serve, puppet):
    service = serve(puppet, workers=2)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", 2)
        os.kill(ask.worker(), signal.SIGKILL)
    service.terminate()

    assert service.exit_code() == 0
    assert DIED not in str(service.lines)


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_listens_any_more_when_the_first_process_is_killed(serve, puppet, tmp_path, monkeypatch, workers):
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # nobody is left to empty it
    service = serve(puppet, workers=workers)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", workers)
    port = service.port
    service.process.kill()

    patience_ends = time.monotonic() + PATIENCE_S
    while listens(port):
        assert time.monotonic() < patience_ends, "something still listens"


def wait_until_it_answers_or_has_ended(service, ask):
    """A server would wait for a worker that is stopped before it can be."""
    while service.process.poll() is None:
        with suppress(httpx.TransportError):
            assert values(ask.predict("answer")) == [0.0]
            return


def listens(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
