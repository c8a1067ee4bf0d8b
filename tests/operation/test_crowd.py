"""Who asks how a service is does not stand in line with those who want predictions."""

from __future__ import annotations

from statistics import median

import pytest

from .crowd import ask_for_a_prediction, away, clients

N_CLIENTS = 256
N_CROWDS = 3


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_is_told_before_most_of_a_crowd_is_answered(serve, line, method):
    service = serve(line, is_recorded=False)  # it is about who is faster
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

    # In the order of its log: this process may find the probe's answer when everybody else has one, too. A busy machine
    # may let one crowd go first.
    told = [service.lines.index(service.logged("request", request_id=name)) for name in probes]
    predicted = [sum(line.get("route") == "/predict" for line in service.lines[:place]) for place in told]
    before = [n - number * N_CLIENTS for number, n in enumerate(predicted)]
    assert median(before) < N_CLIENTS / 2, before
