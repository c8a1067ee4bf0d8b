"""What waits while the model is busy goes together in its next call, and whoever fails that call fails alone."""

from __future__ import annotations

import math
import socket
from http.client import HTTPResponse

import pytest

from ..bodies import body_of
from ..requests import Request
from ..services import PATIENCE_S
from .asking import asking, values

LONG_MS = 10 * 60_000
WORDS = "opensesame"


def test_one_after_the_other_each_goes_in_a_call_of_its_own(serve, puppet):
    with asking(serve(puppet)) as ask:
        calls = [values(ask.predict("call", "call")) for _ in range(3)]

        assert len({number for call in calls for number in call}) == 3
        assert ask.metric("serve_model_call_rows_count") == 3
        assert ask.metric("serve_model_call_rows_sum") == 6


def test_what_comes_during_a_call_goes_in_the_next_one(serve, puppet, gate):
    with asking(serve(puppet, deadline_ms=LONG_MS)) as ask:
        first = ask.predict_later(f"wait {gate.path}", "call")
        gate.wait_for_call()
        queued = ask.queue(*[["call"]] * 20)
        gate.open()

        _, number = values(first.result())
        assert [values(response.result()) for response in queued] == [[number + 1]] * 20
        assert ask.metric("serve_model_call_rows_count") == 2
        assert ask.metric("serve_model_call_rows_sum") == 22


def test_everyone_gets_the_predictions_of_their_own_rows(serve, puppet, gate):
    with asking(serve(puppet, deadline_ms=LONG_MS)) as ask:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        queued = ask.queue(["answer", "pid"], ["pid"], ["answer"], ["pid", "pid", "answer"])
        gate.open()

        pid, zero = True, False
        kinds = [[value > 0 for value in values(response.result())] for response in queued]
        assert kinds == [[zero, pid], [pid], [zero], [pid, pid, zero]]


def test_a_call_takes_the_oldest_that_fit_and_no_later_one_overtakes(serve, puppet, gate):
    with asking(serve(puppet, max_batch_rows=3, deadline_ms=LONG_MS)) as ask:
        first = ask.predict_later(f"wait {gate.path}", "call")
        gate.wait_for_call()
        queued = ask.queue(["call"] * 2, ["call"] * 2, ["call"], ["call"] * 4, ["call"])
        gate.open()

        _, number = values(first.result())
        # The fourth has more rows than a call takes: it goes alone.
        assert [values(response.result())[0] - number for response in queued] == [1, 2, 2, 3, 4]
        assert len(set(values(queued[3].result()))) == 1


def test_a_row_waits_for_one_largest_call_at_most_while_a_client_sends_one_after_the_other(serve, puppet, gate):
    largest = ["call"] * 5
    with asking(serve(puppet, max_batch_rows=5, deadline_ms=LONG_MS)) as ask:
        running = ask.predict_later(f"wait {gate.path}", *largest[1:])
        gate.wait_for_call()
        row, following = ask.queue(["call"], largest)
        gate.open()

        number = values(running.result())[-1]
        assert values(row.result()) == [number + 1]
        assert values(following.result()) == [number + 2] * 5


@pytest.mark.parametrize(
    ("command", "exception"),
    [
        (f"raise {WORDS}", "ValueError"),
        (f"exit {WORDS}", "SystemExit"),
        ("nan", "BadPrediction"),
        ("twice", "BadPrediction"),
    ],
)
def test_one_that_fails_the_call_fails_alone_and_costs_few_calls(serve, puppet, gate, command, exception):
    n_requests, faulty = 20, 13
    service = serve(puppet, deadline_ms=LONG_MS)
    with asking(service) as ask:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        commands = [["pid", "answer"]] * n_requests
        commands[faulty] = ["answer", command]
        responses = [response.result() for response in opened(gate, ask.queue(*commands))]

        failed = responses.pop(faulty)
        assert (failed.status_code, failed.json()["code"]) == (500, "model_failed")
        assert {tuple(values(response)) for response in responses} == {(ask.worker(), 0.0)}
        # The one at the gate, the call that fails, those that follow it, and that of `worker`.
        n_calls = ask.metric("serve_model_call_rows_count") + ask.metric("serve_model_failures_total")
        assert n_calls <= 1 + 1 + 2 * math.log2(n_requests) + 1 + 1

        line = service.logged("model_failed", request_id=f"number-{faulty}")
        assert [error["type"] for error in line["exception"]] == [exception]
        assert [line["request_id"] for line in service.lines if line["event"] == "model_failed"] == [f"number-{faulty}"]
        assert WORDS not in str(service.lines)


def test_several_that_fail_the_call_are_each_told_their_own_reason(serve, puppet, gate):
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


def test_who_has_closed_the_sending_half_alone_has_not_left(serve, puppet, gate):
    service = serve(puppet, deadline_ms=LONG_MS)
    with asking(service) as ask, socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as connection:
        ask.predict_later(f"wait {gate.path}")
        gate.wait_for_call()
        connection.sendall(Request(body=body_of({"command": '"answer"'}).encode()).to_bytes())
        connection.shutdown(socket.SHUT_WR)
        ask.wait_for_metric("serve_queue_requests", 2)
        gate.open()

        response = HTTPResponse(connection)
        response.begin()
        assert response.status == 200


def opened(gate, responses):
    gate.open()
    return responses
