"""A model that is slow or broken: what the service refuses, what it says, and that it goes on."""

from __future__ import annotations

import pytest

from .asking import asking

LONG_MS = 10 * 60_000
WORDS = "opensesame"


def test_refuses_what_the_queue_cannot_hold_and_still_tells_how_it_is(serve, puppet, gate):
    service = serve(puppet, max_queue_requests=2, deadline_ms=LONG_MS)
    with asking(service) as ask:
        held = [ask.predict_later(f"wait {gate.path}")]
        gate.wait_for_call()
        held.append(ask.predict_later("answer"))
        ask.wait_for_metric("serve_queue_requests", 2)

        for _ in range(20):
            refused = ask.predict("answer")
            assert (refused.status_code, refused.json()["code"]) == (503, "queue_full")
            assert int(refused.headers["Retry-After"]) > 0
        assert ask.request("POST", "/predict", json={"instances": [{}]}).json()["code"] == "invalid_instances"
        assert [ask.get(path).status_code for path in ("/livez", "/readyz", "/metrics")] == [200] * 3

        gate.open()
        assert [response.result().status_code for response in held] == [200, 200]
        ask.wait_for_metric("serve_queue_requests", 0)
        assert ask.metric("serve_queue_rows") == 0
        assert ask.predict("answer").status_code == 200


def test_counts_rows_too(serve, puppet, gate):
    service = serve(puppet, max_instances=3, max_queue_rows=3, deadline_ms=LONG_MS)
    with asking(service) as ask:
        held = ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()

        three = {"instances": [{"command": "answer"}] * 3}
        assert ask.request("POST", "/predict", json=three).json()["code"] == "queue_full"

        gate.open()
        assert held.result().status_code == 200
        ask.wait_for_metric("serve_queue_rows", 0)
        assert ask.request("POST", "/predict", json=three).status_code == 200


def test_counts_the_bytes_of_bodies_too(serve, puppet, gate):
    service = serve(puppet, max_body_bytes=200, max_queue_bytes=250, deadline_ms=LONG_MS)
    longest = b'{"instances": [{"command": "answer"}]}'.ljust(200)
    with asking(service) as ask:
        held = ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()

        refused = ask.request("POST", "/predict", content=longest, headers={"Content-Type": "application/json"})
        assert (refused.status_code, refused.json()["code"]) == (503, "queue_full")

        gate.open()
        assert held.result().status_code == 200
        ask.wait_for_metric("serve_queue_requests", 0)
        answered = ask.request("POST", "/predict", content=longest, headers={"Content-Type": "application/json"})
        assert answered.status_code == 200


def test_answers_after_the_deadline_that_there_was_no_prediction_and_never_makes_it(serve, puppet, gate):
    service = serve(puppet, deadline_ms=2000)
    with asking(service) as ask:
        in_flight = ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        queued = ask.predict_later("answer")

        for late in (in_flight.result(), queued.result()):
            assert (late.status_code, late.json()["code"]) == (504, "deadline_passed")
        assert ask.metric("serve_queue_requests") == ask.metric("serve_queue_rows") == 0

        gate.open()
        ask.wait_for_status("/readyz", 200)
        assert ask.predict("answer").status_code == 200
        assert ask.metric("serve_model_call_rows_count") == 2


def test_takes_nothing_on_while_a_call_lasts_longer_than_a_request_may_wait(serve, puppet, gate):
    service = serve(puppet, deadline_ms=500)
    with asking(service) as ask:
        in_flight = ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        assert in_flight.result().status_code == 504

        not_ready = ask.wait_for_status("/readyz", 503)
        for refused in (not_ready, ask.predict("answer")):
            assert (refused.status_code, refused.json()["code"]) == (503, "model_busy")
            assert int(refused.headers["Retry-After"]) > 0
        assert ask.request("POST", "/predict", json={"instances": [{}]}).json()["code"] == "invalid_instances"
        assert [ask.get(path).status_code for path in ("/livez", "/metrics", "/model")] == [200] * 3

        gate.open()
        ask.wait_for_status("/readyz", 200)
        assert ask.predict("answer").status_code == 200


@pytest.mark.parametrize(
    ("command", "exception"),
    [
        (f"raise {WORDS}", "ValueError"),
        (f"raise_loop {WORDS}", "ValueError"),
        (f"exit {WORDS}", "SystemExit"),
        ("nan", "BadPrediction"),
        ("twice", "BadPrediction"),
    ],
)
def test_keeps_to_itself_why_the_model_failed_and_goes_on(serve, puppet, command, exception):
    service = serve(puppet)
    with asking(service) as ask:
        response = ask.predict(command, request_id="the-one")

        assert response.status_code == 500
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "model_failed"
        assert response.json()["request_id"] == response.headers["X-Request-ID"] == "the-one"
        assert exception not in response.text
        assert WORDS not in response.text

        line = service.logged("model_failed", request_id="the-one")
        assert [error["type"] for error in line["exception"]] == [exception]
        assert WORDS not in str(service.lines)

        assert ask.predict("answer").status_code == 200
        assert ask.metric("serve_model_failures_total") == 1


def test_logs_why_the_model_failed_when_nobody_waits_for_it_any_more(serve, puppet, gate):
    service = serve(puppet, deadline_ms=500)
    with asking(service) as ask:
        late = ask.predict(f"wait {gate.path}", f"raise {WORDS}", request_id="the-late-one")
        assert late.json()["code"] == "deadline_passed"

        gate.open()

        line = service.logged("model_failed", request_id="the-late-one")
        assert [error["type"] for error in line["exception"]] == ["ValueError"]
        assert WORDS not in str(service.lines)
