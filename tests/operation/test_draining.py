"""No request is lost in a drain, and requests that wait are answered before the service stops."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from http.client import HTTPResponse

import pytest

from serve_core.process.draining import ECHO_S

from ..bodies import body_of
from ..requests import Request
from ..services import PATIENCE_S
from .asking import asking

LONG_MS = 10 * 60_000
BODY = body_of({"command": '"answer"'}).encode()
VERSIONS = [b"HTTP/1.1", b"HTTP/1.0"]
N_CLIENTS = 4  # of each version

ONE_WORKER_OR_TWO = pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])


@ONE_WORKER_OR_TWO
def test_clients_with_kept_connections_lose_no_request(serve, puppet, workers):
    service = serve(puppet, workers=workers, drain_ms=LONG_MS)
    is_over = threading.Event()
    with asking(service) as ask, ThreadPoolExecutor(len(VERSIONS) * N_CLIENTS) as pool:
        ask.wait_for_metric("serve_ready_workers", workers)
        clients = [pool.submit(ask_until, is_over, service.port, version) for version in VERSIONS * N_CLIENTS]
        try:
            ask.wait_for_metric("serve_ready_workers", workers)
            service.terminate()
            ask.wait_for_metric("serve_ready_workers", 0)

            refused = ask.get("/readyz")
            assert (refused.status_code, refused.json()["code"]) == (503, "shutting_down")
            assert int(refused.headers["Retry-After"]) > 0
            for version in VERSIONS * 10:
                with connected(service.port) as connection:
                    answer = answer_on(connection, version)
                assert (answer.status, answer.getheader("Connection")) == (200, "close")
        finally:
            is_over.set()
            wait(clients)
            service.kill()

        assert {status for client in clients for status in client.result()} == {200}


@ONE_WORKER_OR_TWO
def test_requests_in_flight_and_in_the_queue_are_answered_after_the_drain(serve, puppet, gate, workers):
    """All processes get the signal at once, as from systemd; a worker gets it again from its parent."""
    service = serve(puppet, workers=workers, drain_ms=LONG_MS, deadline_ms=LONG_MS)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", workers)
        held = [ask.predict_later(f"wait {gate.path}") for _ in range(8)]
        gate.wait_for_call()
        os.killpg(service.process.pid, signal.SIGTERM)
        ask.wait_for_metric("serve_ready_workers", 0)
        held.append(ask.predict_later("answer"))
        ask.wait_for_metric("serve_queue_requests", 9)

        end_drain(service, ask)
        gate.open()

        assert [response.result().status_code for response in held] == [200] * 9
    assert service.exit_code() == 0


@pytest.mark.parametrize(
    ("workers", "times"),
    [
        pytest.param(1, 1, id="one"),
        pytest.param(1, 2, id="one, twice", marks=pytest.mark.slow),
        pytest.param(2, 1, id="two", marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_answers_requests_in_flight(serve, puppet, gate, workers, times):
    service = serve(puppet, workers=workers, deadline_ms=LONG_MS)
    with asking(service) as ask:
        ask.wait_for_metric("serve_ready_workers", workers)
        held = ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()

        n_lines = len(service.lines)
        os.killpg(service.process.pid, signal.SIGINT)  # a terminal sends it to every process
        if times > 1:
            service.wait_for_a_line_beyond(n_lines)
            os.killpg(service.process.pid, signal.SIGINT)

        gate.open()
        assert held.result().status_code == 200
    assert service.exit_code() in (0, 130)
    assert not [line for line in service.lines if line.get("level") in (None, "error", "critical")]


def ask_until(is_over, port, version):
    """The statuses that a client gets that keeps its connection as long as the service allows."""
    statuses = []
    while not is_over.is_set():
        with connected(port) as connection:
            is_kept = True
            while is_kept and not is_over.is_set():
                answer = answer_on(connection, version)
                statuses.append(answer.status)
                is_kept = not answer.will_close
    return statuses


def connected(port):
    return socket.create_connection(("127.0.0.1", port), PATIENCE_S)


def answer_on(connection, version):
    headers = (("Content-Type", "application/json"), ("Connection", "keep-alive"))
    connection.sendall(Request(headers=headers, body=BODY).to_bytes().replace(b"HTTP/1.1", version, 1))
    answer = HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer


def end_drain(service, ask):
    """End the drain early with a second signal, late enough not to pass for an echo of the first."""
    began = time.monotonic()
    while time.monotonic() < began + ECHO_S:
        assert ask.get("/livez").status_code == 200
    os.killpg(service.process.pid, signal.SIGTERM)
