"""Who asks how a service is does not stand in line with those who want predictions."""

from __future__ import annotations

import re

from .crowd import ask_for_a_prediction, away, clients

N_CLIENTS = 256
ANSWERED = re.compile(rb'^serve_request_seconds_count\{.*route="/predict".*\} (\S+)$', re.MULTILINE)


def test_is_told_before_most_of_a_crowd_is_answered(serve, line):
    service = serve(line, is_recorded=False)  # it is about who is faster
    with clients(service, N_CLIENTS) as crowd, clients(service, 2) as [probe, last]:
        for client in (*crowd, probe, last):
            client.request("GET", "/livez")
            client.getresponse().read()
        with away(service):
            for client in crowd:
                ask_for_a_prediction(client)
            probe.request("GET", "/livez")
            last.request("GET", "/metrics")

        # By the service's own count: this process may find its answer when everybody else has one, too.
        assert n_answered(last) < N_CLIENTS / 4
        assert probe.getresponse().status == 200
        assert [client.getresponse().status for client in crowd] == [200] * N_CLIENTS
        last.request("GET", "/metrics")
        assert n_answered(last) == N_CLIENTS


def n_answered(client):
    return sum(float(n) for n in ANSWERED.findall(client.getresponse().read()))
