"""Clients that disconnect or stall do not affect other clients, even without a proxy."""

from __future__ import annotations

import socket
import struct
from contextlib import ExitStack
from http.client import HTTPResponse

import pytest

from ..bodies import body_of, instance_texts
from ..services import PATIENCE_S, running
from .asking import asking

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

BROKEN = [
    b"\x00garbage\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: loc",
    HEAD % 100 + b"{",
    HEAD.replace(b"Content-Length: %d", b"Transfer-Encoding: chunked") + b"zz\r\n",
]


def connected(service):
    return socket.create_connection(("127.0.0.1", service.port), PATIENCE_S)


def reset_when_closed(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.fixture(scope="module")
def request_bytes(signature):
    body = body_of(instance_texts(signature)).encode()
    return HEAD % len(body) + body


def test_a_body_that_ends_early_is_not_predicted(service, request_bytes):
    with connected(service) as connection:
        connection.sendall(request_bytes[:-1])
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()

    assert b" 200 " not in answer
    assert b"incomplete_body" in answer or answer == b""


@pytest.mark.parametrize(
    ("version", "header"),
    [("1.1", b""), ("1.1", b"Connection: close\r\n"), ("1.0", b"")],
    ids=["kept", "closed", "1.0"],
)
def test_a_body_that_is_much_too_large_is_sent_to_its_end_and_refused(service, version, header):
    length = 20_000_000
    head = (HEAD % length).replace(b"1.1", version.encode()).replace(b"Host", header + b"Host")
    with connected(service) as connection:
        connection.sendall(head + b" " * length)
        answer = HTTPResponse(connection)
        answer.begin()

    assert answer.status == 413


def test_pipelined_requests_are_answered_in_order(service, request_bytes):
    with connected(service) as connection:
        connection.sendall(request_bytes + b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = connection.makefile("rb").read()

    assert 0 < answers.index(b'"predictions"') < answers.index(b'"status"')


def test_a_length_with_thousands_of_zeros_is_accepted_or_refused(service):
    with connected(service) as connection:
        connection.sendall((HEAD % 2).replace(b": 2", b": " + b"0" * 5000 + b"2") + b"{}")
        response = HTTPResponse(connection)
        response.begin()

    assert 400 <= response.status < 500


@pytest.mark.slow
def test_broken_clients_do_not_affect_others(serve, puppet, gate):
    """They disconnect during a call, and while their request waits for the next one."""
    service = serve(puppet, deadline_ms=60_000)
    body = body_of({"command": '"answer"'}).encode()
    with asking(service) as ask:
        others = [ask.predict_later(f"wait {gate.path}")]
        gate.wait_for_call()
        others += ask.queue(["answer"])
        with ExitStack() as broken:
            for sent in (*BROKEN, HEAD % len(body) + body):
                connection = broken.enter_context(connected(service))
                connection.sendall(sent)
                reset_when_closed(connection)
            ask.wait_for_metric("serve_queue_requests", 3)
        others.append(ask.predict_later("answer"))
        gate.open()

        assert [response.result().status_code for response in others] == [200] * 3


@pytest.mark.slow
def test_a_stalled_client_does_not_keep_the_service_from_stopping(backend, artifact):
    with running(backend, artifact, deadline_ms=100) as service, connected(service) as connection:
        connection.sendall(HEAD % 10 + b"{")
        service.terminate()

        assert service.exit_code() == 0
