"""The service notices at once that the client of a waiting request has left."""

from __future__ import annotations

import pytest

from ..operation.asking import asking, leave_behind, values

pytestmark = pytest.mark.parametrize("backend", ["fastapi"], indirect=True)

LONG_MS = 10 * 60_000


def test_rows_of_a_client_that_left_are_not_predicted(serve, puppet, gate):
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
