"""WSGI does not report that the client of a waiting request has left, so the deadline drops its rows."""

from __future__ import annotations

import pytest

from ..operation.asking import asking, leave_behind, values

pytestmark = pytest.mark.parametrize("backend", ["flask"], indirect=True)


def test_rows_of_a_client_that_left_are_not_predicted_after_the_deadline(serve, puppet, gate):
    service = serve(puppet, deadline_ms=2000)
    with asking(service) as ask:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        leave_behind(service, ask)

        ask.wait_for_metric("serve_request_seconds_count", 2, route="/predict", status="504")
        gate.open()
        ask.wait_for_metric("serve_model_call_rows_count", 1)
        assert values(ask.predict("answer")) == [0.0]
        assert ask.metric("serve_model_call_rows_sum") == 2
