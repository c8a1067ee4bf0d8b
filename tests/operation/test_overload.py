"""A slow or broken model: the service refuses requests, and recovers."""

from __future__ import annotations

import pytest

from .asking import asking

LONG_MS = 10 * 60_000
WORDS = "opensesame"

# The exception that the model raises, by command.
FAILURES = {
    f"raise {WORDS}": "ValueError",
    f"raise_loop {WORDS}": "ValueError",
    f"exit {WORDS}": "SystemExit",
    "nan": "BadPrediction",
    "twice": "BadPrediction",
}


def test_refuses_requests_beyond_the_queue_and_still_answers_health_checks(serve, puppet, gate):
    service = serve(puppet, max_queue_requests=2, max_instances=4, max_queue_rows=4, deadline_ms=LONG_MS)
    with asking(service) as ask:
        held = [ask.predict_later(f"wait {gate.path}")]
        gate.wait_for_call()

        assert_refused(ask.predict(*["answer"] * 4), "queue_full")  # too many rows
        held.append(ask.predict_later("answer"))
        ask.wait_for_metric("serve_queue_requests", 2)
        for _ in range(20):
            assert_refused(ask.predict("answer"), "queue_full")
        assert ask.request("POST", "/predict", json={"instances": [{}]}).json()["code"] == "invalid_instances"
        assert [ask.get(path).status_code for path in ("/livez", "/readyz", "/metrics")] == [200] * 3

        gate.open()
        assert [response.result().status_code for response in held] == [200, 200]
        ask.wait_for_metric("serve_queue_requests", 0)
        assert ask.metric("serve_queue_rows") == 0
        assert ask.predict(*["answer"] * 4).status_code == 200


def test_answers_504_at_the_deadline_and_never_predicts_the_rows(serve, puppet, gate):
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


def test_refuses_requests_while_a_call_lasts_longer_than_the_deadline(serve, puppet, gate):
    service = serve(puppet, deadline_ms=500)
    with asking(service) as ask:
        in_flight = ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        assert in_flight.result().status_code == 504

        not_ready = ask.wait_for_status("/readyz", 503)
        assert_refused(not_ready, "model_busy")
        assert_refused(ask.predict("answer"), "model_busy")
        assert ask.request("POST", "/predict", json={"instances": [{}]}).json()["code"] == "invalid_instances"
        assert [ask.get(path).status_code for path in ("/livez", "/metrics", "/model")] == [200] * 3

        gate.open()
        ask.wait_for_status("/readyz", 200)
        assert ask.predict("answer").status_code == 200


def test_only_the_log_shows_why_the_model_failed(serve, puppet):
    service = serve(puppet)
    with asking(service) as ask:
        for command, exception in FAILURES.items():
            response = ask.predict(command, request_id=command.split()[0])

            assert response.status_code == 500
            assert response.headers["Content-Type"] == "application/problem+json"
            assert response.json()["code"] == "model_failed"
            assert response.json()["request_id"] == response.headers["X-Request-ID"] == command.split()[0]
            assert exception not in response.text
            assert WORDS not in response.text

            line = service.logged("model_failed", request_id=command.split()[0])
            assert [error["type"] for error in line["exception"]] == [exception]

        assert WORDS not in str(service.lines)
        assert ask.predict("answer").status_code == 200
        assert ask.metric("serve_model_failures_total") == len(FAILURES)


@pytest.mark.slow
def test_logs_why_the_model_failed_after_the_deadline(serve, puppet, gate):
    service = serve(puppet, deadline_ms=500)
    with asking(service) as ask:
        late = ask.predict(f"wait {gate.path}", f"raise {WORDS}", request_id="the-late-one")
        assert late.json()["code"] == "deadline_passed"

        gate.open()

        line = service.logged("model_failed", request_id="the-late-one")
        assert [error["type"] for error in line["exception"]] == ["ValueError"]
        assert WORDS not in str(service.lines)


def assert_refused(response, code):
    assert (response.status_code, response.json()["code"]) == (503, code)
    assert int(response.headers["Retry-After"]) > 0
