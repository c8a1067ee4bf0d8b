"""A body that never comes to its end is refused, and keeps nobody from stopping."""

from __future__ import annotations

import socket

from tests.bodies import body_of, instance_texts
from tests.services import PATIENCE_S, running

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def test_a_body_shorter_than_announced_is_never_answered_with_a_prediction(service, signature):
    body = body_of(instance_texts(signature)).encode()
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as connection:
        connection.sendall(HEAD % (len(body) + 1) + body)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()

    assert b" 200 " not in answer
    assert b"incomplete_body" in answer or answer == b""


def test_a_client_that_stalls_does_not_keep_the_service_from_stopping(backend, artifact):
    with (
        running(backend, artifact, deadline_ms=100) as service,
        socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as connection,
    ):
        connection.sendall(HEAD % 10 + b"{")
        service.terminate()

        assert service.exit_code() == 0
