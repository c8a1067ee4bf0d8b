"""Requests that wait while the model is busy share its next call. A failing request fails alone."""

from __future__ import annotations

import math

import pytest

from .asking import asking, values

LONG_MS = 10 * 60_000
WORDS = "opensesame"


def test_sequential_requests_get_a_call_each(serve, puppet):
    with asking(serve(puppet)) as ask:
        calls = [values(ask.predict("call", "call")) for _ in range(3)]

        assert len({number for call in calls for number in call}) == 3
        assert ask.metric("serve_model_call_rows_count") == 3
        assert ask.metric("serve_model_call_rows_sum") == 6


def test_requests_during_a_call_share_the_next_one(serve, puppet, gate):
    with asking(serve(puppet, deadline_ms=LONG_MS)) as ask:
        first = ask.predict_later(f"wait {gate.path}", "call")
        gate.wait_for_call()
        queued = ask.queue(*[["call"]] * 20)
        gate.open()

        _, number = values(first.result())
        assert [values(response.result()) for response in queued] == [[number + 1]] * 20
        assert ask.metric("serve_model_call_rows_count") == 2
        assert ask.metric("serve_model_call_rows_sum") == 22


def test_each_request_gets_the_predictions_of_its_own_rows(serve, puppet, gate):
    with asking(serve(puppet, deadline_ms=LONG_MS)) as ask:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        queued = ask.queue(["answer", "pid"], ["pid"], ["answer"], ["pid", "pid", "answer"])
        gate.open()

        pid, zero = True, False
        kinds = [[value > 0 for value in values(response.result())] for response in queued]
        assert kinds == [[zero, pid], [pid], [zero], [pid, pid, zero]]


def test_a_call_takes_the_oldest_requests_that_fit(serve, puppet, gate):
    with asking(serve(puppet, max_batch_rows=3, deadline_ms=LONG_MS)) as ask:
        first = ask.predict_later(f"wait {gate.path}", "call")
        gate.wait_for_call()
        queued = ask.queue(["call"] * 2, ["call"] * 2, ["call"], ["call"] * 4, ["call"])
        gate.open()

        _, number = values(first.result())
        # The fourth has more rows than a call takes, so it gets a call of its own.
        assert [values(response.result())[0] - number for response in queued] == [1, 2, 2, 3, 4]
        assert len(set(values(queued[3].result()))) == 1


@pytest.mark.slow
def test_a_client_of_large_requests_does_not_overtake_a_small_one(serve, puppet, gate):
    largest = ["call"] * 5
    with asking(serve(puppet, max_batch_rows=5, deadline_ms=LONG_MS)) as ask:
        running = ask.predict_later(f"wait {gate.path}", *largest[1:])
        gate.wait_for_call()
        row, following = ask.queue(["call"], largest)
        gate.open()

        number = values(running.result())[-1]
        assert values(row.result()) == [number + 1]
        assert values(following.result()) == [number + 2] * 5


def test_a_failing_request_fails_alone_and_costs_few_calls(serve, puppet, gate):
    n_requests, faulty = 20, 13
    service = serve(puppet, deadline_ms=LONG_MS)
    with asking(service) as ask:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        commands = [["pid", "answer"]] * n_requests
        commands[faulty] = ["answer", f"exit {WORDS}"]
        responses = [response.result() for response in opened(gate, ask.queue(*commands))]

        failed = responses.pop(faulty)
        assert (failed.status_code, failed.json()["code"]) == (500, "model_failed")
        assert {tuple(values(response)) for response in responses} == {(ask.worker(), 0.0)}
        # The call at the gate, the failing call, its halvings, and the call of `worker`.
        n_calls = ask.metric("serve_model_call_rows_count") + ask.metric("serve_model_failures_total")
        assert n_calls <= 1 + 1 + 2 * math.log2(n_requests) + 1 + 1

        line = service.logged("model_failed", request_id=f"number-{faulty}")
        assert [error["type"] for error in line["exception"]] == ["SystemExit"]
        assert [line["request_id"] for line in service.lines if line["event"] == "model_failed"] == [f"number-{faulty}"]
        assert WORDS not in str(service.lines)


@pytest.mark.slow
def test_logs_the_reason_of_each_failing_request(serve, puppet, gate):
    service = serve(puppet, deadline_ms=LONG_MS)
    with asking(service) as ask:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        commands = [["nan"], ["answer"], [f"raise {WORDS}"], ["answer"], ["answer"], ["twice"]]
        responses = [response.result() for response in opened(gate, ask.queue(*commands))]

        assert [response.status_code for response in responses] == [500, 200, 500, 200, 200, 500]
        for index, exception in ((0, "BadPrediction"), (2, "ValueError"), (5, "BadPrediction")):
            line = service.logged("model_failed", request_id=f"number-{index}")
            assert [error["type"] for error in line["exception"]] == [exception]


def opened(gate, responses):
    gate.open()
    return responses
