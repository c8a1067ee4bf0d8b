"""A worker has so many connections and no more."""

from __future__ import annotations

import pytest

from ..operation.crowd import ask_for_a_prediction, away, clients

pytestmark = pytest.mark.parametrize("backend", ["flask"], indirect=True)

# Of 200 descriptors 100 are spare, and 9 for the threads.
N_CONNECTIONS = 91


def test_one_that_idles_makes_room_for_who_comes(serve, line):
    service = serve(line, ulimit="-n 200", max_queue_requests=1)
    with clients(service, N_CONNECTIONS) as crowd, clients(service, 1) as [last]:
        for client in crowd:
            client.connect()
        with away(service):
            for client in crowd:
                ask_for_a_prediction(client)
        assert [client.getresponse().status for client in crowd] == [200] * N_CONNECTIONS

        last.request("GET", "/livez")

        assert last.getresponse().status == 200
