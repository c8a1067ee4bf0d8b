"""A client that leaves while its request waits is noticed at once."""

from __future__ import annotations

import socket
import struct

import pytest

from ..bodies import body_of
from ..operation.asking import asking, leave_behind, values
from ..requests import Request
from ..services import PATIENCE_S

pytestmark = pytest.mark.parametrize("backend", ["fastapi"], indirect=True)

LONG_MS = 10 * 60_000


def test_who_has_left_with_a_request_behind_it_is_not_predicted_either(serve, puppet, gate):
    service = serve(puppet, deadline_ms=LONG_MS)
    request = Request(body=body_of({"command": '"answer"'}).encode()).to_bytes()
    with asking(service) as ask:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        with socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as connection:
            connection.sendall(request + request)
            ask.wait_for_metric("serve_queue_requests", 2)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closed, it resets

        ask.wait_for_metric("serve_request_seconds_count", 1, route="/predict", status="499")
        gate.open()
        ask.wait_for_metric("serve_model_call_rows_count", 1)


def test_who_has_left_is_not_predicted(serve, puppet, gate):
    service = serve(puppet, deadline_ms=LONG_MS)
    with asking(service) as ask:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        leave_behind(service, ask)

        ask.wait_for_metric("serve_request_seconds_count", 1, route="/predict", status="499")
        assert ask.metric("serve_queue_requests") == ask.metric("serve_queue_rows") == 1
        gate.open()
        ask.wait_for_metric("serve_model_call_rows_count", 1)
        assert values(ask.predict("answer")) == [0.0]
        assert ask.metric("serve_model_call_rows_sum") == 2
