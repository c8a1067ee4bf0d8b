"""Who is slow to send is cut off in time, and meanwhile takes nothing from others."""

from __future__ import annotations

import select
import socket
from contextlib import ExitStack
from http.client import HTTPResponse

import httpx
import numpy as np
import orjson
import pytest
from sklearn.dummy import DummyClassifier

from model.packaging import save

from ..bodies import body_of
from ..requests import Request
from ..services import PATIENCE_S, running
from .asking import asking
from .crowd import clients

HEAD = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
HOUR_MS = 3_600_000

# More than the threads of a service with a queue of one.
N_CLIENTS = 20


def connected(service):
    return socket.create_connection(("127.0.0.1", service.port), PATIENCE_S)


@pytest.fixture(scope="module")
def impatient(backend, artifact):
    with running(backend, artifact, read_ms=200) as service:
        yield service


@pytest.fixture
def answered(impatient):
    """A connection on which a request has been answered."""
    with connected(impatient) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        response = HTTPResponse(connection)
        response.begin()
        response.read()
        yield connection


@pytest.mark.parametrize(
    ("path", "code"),
    [(b"/predict", "incomplete_body"), (b"/nowhere", "not_found")],
    ids=["a prediction", "an early refusal"],
)
def test_a_body_that_does_not_come_is_waited_for_until_it_is_due(impatient, path, code):
    with connected(impatient) as connection:
        connection.sendall(HEAD % path + b"{")
        response = HTTPResponse(connection)
        response.begin()

        assert orjson.loads(response.read())["code"] == code
        assert response.getheader("Connection") == "close"
        assert connection.recv(1) == b""


def test_a_body_that_trickles_is_waited_for_until_it_is_due(impatient):
    with connected(impatient) as connection:
        connection.sendall(HEAD % b"/predict")
        while not select.select([connection], [], [], 0.01)[0]:
            connection.sendall(b" ")

        assert b" 400 " in connection.recv(1024)


@pytest.mark.parametrize("sent", [b"", b"GET /liv", b"GET /livez HTTP/1.1\r\nHost: loc"], ids=repr)
def test_headers_that_do_not_come_end_the_connection(impatient, sent):
    with connected(impatient) as connection:
        connection.sendall(sent)

        assert connection.recv(1) == b""


def test_clients_that_send_nothing_do_not_keep_others_from_being_answered(serve):
    service = serve(max_queue_requests=1, read_ms=HOUR_MS)
    with ExitStack() as clients:
        for _ in range(N_CLIENTS):
            clients.enter_context(connected(service))

        assert httpx.get(f"{service.url}/livez", timeout=PATIENCE_S).status_code == 200


def test_clients_that_stop_halfway_keep_others_waiting_no_longer_than_they_are_waited_for(serve):
    service = serve(max_queue_requests=1, read_ms=200)
    with ExitStack() as clients:
        for sent in (HEAD % b"/predict" + b"{", b"GET /livez HTTP/1.1\r\nHost: loc"):
            for _ in range(N_CLIENTS):
                clients.enter_context(connected(service)).sendall(sent)

        assert httpx.get(f"{service.url}/livez", timeout=PATIENCE_S).status_code == 200


def test_clients_that_stop_halfway_take_nobody_s_turn(serve, line):
    """There are more threads than that, and fewer turns: who has sent all is answered before the rest is cut off."""
    service = serve(line, read_ms=3000)
    with ExitStack() as clients, asking(service) as ask:
        for _ in range(3 * N_CLIENTS):
            clients.enter_context(connected(service)).sendall(HEAD % b"/predict" + b"{")

        assert ask.request("POST", "/predict", json={"instances": [{"x0": 4}]}).status_code == 200
        assert ask.metric("serve_request_seconds_count", status="400") == 0


def test_a_request_that_is_whole_is_waited_for_until_its_own_deadline(serve, puppet, gate):
    service = serve(puppet, read_ms=200, deadline_ms=3000)
    with asking(service) as ask:
        in_flight = ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()

        assert in_flight.result().json()["code"] == "deadline_passed"


def test_a_connection_may_idle_for_longer_than_servers_grant_by_themselves(answered):
    assert not select.select([answered], [], [], 6)[0]


def test_more_clients_are_taken_than_a_process_has_descriptors_at_first(serve):
    service = serve(ulimit="-S -n 64")
    with clients(service, 128) as crowd:
        for client in crowd:
            client.request("GET", "/livez")

            assert client.getresponse().status == 200


def test_a_line_end_does_not_keep_an_idle_connection(answered):
    answered.sendall(b"\r\n")

    assert answered.recv(1) == b""


def test_clients_that_do_not_close_do_not_keep_others_from_being_answered(serve):
    service = serve()
    with ExitStack() as clients:
        for _ in range(2 * N_CLIENTS):
            clients.enter_context(connected(service)).sendall(b"GET /livez HTTP/1.0\r\n\r\n")

        assert httpx.get(f"{service.url}/livez", timeout=PATIENCE_S).status_code == 200


def test_clients_that_do_not_take_their_answers_are_let_go(serve):
    service = serve(max_queue_requests=1, read_ms=2000, deadline_ms=200)
    page = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as clients:
        for _ in range(N_CLIENTS):
            client = clients.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # else the kernel takes them for the client
            client.connect(("127.0.0.1", service.port))
            client.sendall(page * 10)

        # The first may be quicker than the clients, the last find every thread taken.
        for _ in range(100):
            assert httpx.get(f"{service.url}/livez", timeout=PATIENCE_S).status_code == 200


def test_clients_that_have_closed_their_sending_half_leave_nothing_behind_when_they_are_answered(serve, puppet, gate):
    """They and those who come after them are more than the service has descriptors."""
    service = serve(puppet, ulimit="-n 140", read_ms=HOUR_MS, deadline_ms=HOUR_MS)
    request = Request(body=body_of({"command": '"answer"'}).encode()).to_bytes()
    with asking(service) as ask, ExitStack() as others:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        half_closed = [others.enter_context(connected(service)) for _ in range(60)]
        for connection in half_closed:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        ask.wait_for_metric("serve_queue_requests", 61)
        gate.open()
        for connection in half_closed:
            assert b" 200 " in connection.makefile("rb").read()

        for client in others.enter_context(clients(service, 60)):
            client.request("GET", "/livez")

            assert client.getresponse().status == 200


def test_an_answer_that_is_taken_slowly_comes_whole(serve, tmp_path):
    """It is longer than what the kernel takes for the client."""
    x = np.arange(300.0).reshape(-1, 1)
    save(DummyClassifier(strategy="prior").fit(x, x[:, 0].astype(int)), x, tmp_path / "many_labels")
    service = serve(tmp_path / "many_labels")
    body = orjson.dumps({"instances": [{"x0": 1}] * 1000})
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", service.port))
        client.sendall(HEAD.replace(b"100000", b"%d") % (b"/predict", len(body)) + body)
        response = HTTPResponse(client)
        response.begin()

        predictions = orjson.loads(response.read())["predictions"]

    assert len(predictions) == 1000
    assert all(len(prediction["probabilities"]) == 300 for prediction in predictions)
