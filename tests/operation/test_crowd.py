"""Who asks how a service is does not stand in line with those who want predictions."""

from __future__ import annotations

import select

from .crowd import ask_for_a_prediction, away, clients

N_CLIENTS = 256


def test_is_told_before_most_of_a_crowd_is_answered(serve, line):
    service = serve(line, is_recorded=False)  # it is about who is faster
    with clients(service, N_CLIENTS) as crowd, clients(service, 1) as [last]:
        for client in (*crowd, last):
            client.request("GET", "/livez")
            client.getresponse().read()
        with away(service):
            for client in crowd:
                ask_for_a_prediction(client)
            last.request("GET", "/livez")

        assert last.getresponse().status == 200
        answered, _, _ = select.select([client.sock for client in crowd], [], [], 0)
        assert len(answered) < N_CLIENTS / 4
        assert [client.getresponse().status for client in crowd] == [200] * N_CLIENTS
