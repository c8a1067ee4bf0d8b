"""A connection that ends badly costs nobody an answer that was due, and keeps nobody from stopping."""

from __future__ import annotations

import json
import socket
from http.client import HTTPResponse

from ..bodies import body_of, instance_texts
from ..requests import Request
from ..services import PATIENCE_S, running

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
