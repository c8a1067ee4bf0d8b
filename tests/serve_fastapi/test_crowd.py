"""Many clients at once: the event loop accepts them together, and health checks do not wait behind predictions."""

from __future__ import annotations

from statistics import median

import pytest

from ..operation.asking import asking
from ..operation.crowd import ask_for_a_prediction, away, clients

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("backend", ["fastapi"], indirect=True)]

N_CLIENTS = 256
N_CROWDS = 3


def test_connections_are_accepted_together(serve, line):
    """One by one they would take seconds under load. Requests that arrive together share calls."""
    service = serve(line)
    with asking(service) as ask, clients(service, N_CLIENTS) as crowd:
        with away(service):
            for client in crowd:
                ask_for_a_prediction(client)

        assert [client.getresponse().status for client in crowd] == [200] * N_CLIENTS
        assert ask.metric("serve_model_call_rows_sum") == N_CLIENTS
        assert ask.metric("serve_model_call_rows_count") < N_CLIENTS / 4


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_health_check_is_answered_before_most_predictions_of_a_crowd(serve, line, method):
    service = serve(line, is_recorded=False)  # the test compares speeds
    probes = [f"probe-{number}" for number in range(N_CROWDS)]
    with clients(service, N_CLIENTS) as crowd, clients(service, 1) as [probe]:
        for client in (*crowd, probe):
            client.request("GET", "/livez")
            client.getresponse().read()
        for name in probes:
            with away(service):
                for client in crowd:
                    ask_for_a_prediction(client)
                probe.request(method, "/livez", headers={"X-Request-ID": name})

            answers = [client.getresponse() for client in (*crowd, probe)]
            for answer in answers:
                answer.read()
            assert {answer.status for answer in answers} == {200}

    # By the order of the log, because this process may read an answer late. On a busy machine, one crowd may be faster.
    places = [service.lines.index(service.logged("request", request_id=name)) for name in probes]
    n_predicted = [sum(line.get("route") == "/predict" for line in service.lines[:place]) for place in places]
    before = [n - number * N_CLIENTS for number, n in enumerate(n_predicted)]
    assert median(before) < N_CLIENTS / 2, before
