"""A connection that ends badly costs nobody an answer that was due, and keeps nobody from stopping."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from http.client import HTTPResponse

import pytest

from ..bodies import body_of, instance_texts
from ..requests import Request
from ..services import PATIENCE_S, running
from .asking import asking

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def connected(service):
    return socket.create_connection(("127.0.0.1", service.port), PATIENCE_S)


def answer_on(connection):
    """The first answer, as (status, X-Request-ID, body)."""
    response = HTTPResponse(connection)
    response.begin()
    return response.status, response.getheader("X-Request-ID"), response.read()


def test_a_body_shorter_than_announced_is_never_answered_with_a_prediction(service, signature):
    body = body_of(instance_texts(signature)).encode()
    with connected(service) as connection:
        connection.sendall(HEAD % (len(body) + 1) + body)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()

    assert b" 200 " not in answer
    assert b"incomplete_body" in answer or answer == b""


def test_a_client_that_closes_its_sending_half_gets_its_answer(service, signature):
    body = body_of(instance_texts(signature)).encode()
    with connected(service) as connection:
        connection.sendall(HEAD % len(body) + body)
        connection.shutdown(socket.SHUT_WR)
        status, _, answer = answer_on(connection)

        assert status == 200
        assert "predictions" in json.loads(answer)
        assert connection.recv(1) == b""


def test_spaces_behind_a_header_are_no_part_of_it(service):
    with connected(service) as connection:
        connection.sendall((HEAD % 0).replace(b"Content-Length: 0", b"X-Request-ID: abc \t\r\nContent-Length: 0 "))
        status, request_id, answer = answer_on(connection)

    assert (status, request_id, json.loads(answer)["code"]) == (400, "abc", "empty_body")


def test_garbage_behind_a_request_does_not_take_its_answer(service, signature):
    body = body_of(instance_texts(signature)).encode()
    with connected(service) as connection:
        connection.sendall(HEAD % len(body) + body + b"\x00garbage\r\n\r\n")

        assert answer_on(connection)[0] == 200


def test_two_requests_sent_at_once_are_answered_in_order(service, signature):
    body = body_of(instance_texts(signature)).encode()
    with connected(service) as connection:
        livez = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        connection.sendall(HEAD % len(body) + body + livez)
        answers = connection.makefile("rb").read()

        assert 0 < answers.index(b'"predictions"') < answers.index(b'"status"')


def test_trailers_are_no_headers(service, signature):
    body = body_of(instance_texts(signature)).encode()
    headers = (("Content-Type", "application/json"), ("X-Request-ID", "header"))
    request = Request(headers=headers, body=body, is_chunked=True).to_bytes()
    with connected(service) as connection:
        connection.sendall(request.removesuffix(b"\r\n") + b"X-Request-ID: trailer\r\nContent-Encoding: gzip\r\n\r\n")

        assert answer_on(connection)[:2] == (200, "header")


def test_a_client_that_stalls_does_not_keep_the_service_from_stopping(backend, artifact):
    with running(backend, artifact, deadline_ms=100) as service, connected(service) as connection:
        connection.sendall(HEAD % 10 + b"{")
        service.terminate()

        assert service.exit_code() == 0


behind_a_request = pytest.mark.parametrize(
    "behind",
    [
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Unfinished: ",
    ],
    ids=["a broken body", "headers that are too large", "headers that end too soon"],
)


@behind_a_request
def test_what_comes_behind_a_request_does_not_take_its_answer(service, signature, behind):
    body = body_of(instance_texts(signature)).encode()
    with connected(service) as connection:
        connection.sendall(HEAD % len(body) + body + behind)

        assert answer_on(connection)[0] == 200


@behind_a_request
def test_what_comes_behind_one_that_waits_does_not_take_its_answer_either(serve, puppet, gate, behind):
    service = serve(puppet, deadline_ms=60_000)
    body = body_of({"command": '"answer"'}).encode()
    with asking(service) as ask:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        with connected(service) as connection:
            connection.sendall(HEAD % len(body) + body + behind)
            connection.shutdown(socket.SHUT_WR)
            ask.wait_for_metric("serve_queue_requests", 2)
            gate.open()

            assert answer_on(connection)[0] == 200


def test_a_body_that_an_upgrade_was_offered_with_is_not_read_as_a_request(service):
    """A parser may lose it; what it is not is the next request."""
    body = b"GET /model HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    upgrade = b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    with connected(service) as connection:
        connection.sendall((HEAD % len(body)).removesuffix(b"\r\n") + upgrade)
        connection.sendall(body)
        connection.shutdown(socket.SHUT_WR)
        answers = connection.makefile("rb").read()

        assert answers.count(b"HTTP/1.1 400 ") == answers.count(b"HTTP/1.1 ") == 1


def test_a_length_with_thousands_of_zeros_in_front_is_a_length_or_refused(service):
    with connected(service) as connection:
        connection.sendall((HEAD % 2).replace(b": 2", b": " + b"0" * 5000 + b"2") + b"{}")

        assert 400 <= answer_on(connection)[0] < 500


def test_trailers_without_end_are_refused(service):
    headers = (("Content-Type", "application/json"),)
    head = Request(headers=headers, body=b"{}", is_chunked=True).to_bytes().removesuffix(b"\r\n")
    with connected(service) as connection, suppress(OSError):  # closed while it sends
        connection.sendall(head + b"X-Trailer: ")
        for _ in range(100):
            connection.sendall(b"a" * 65536)
        pytest.fail("6 MB of a trailer were taken")
