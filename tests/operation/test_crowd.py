"""Who asks how a service is does not stand in line with those who want predictions."""

from __future__ import annotations

import pytest

from .crowd import ask_for_a_prediction, away, clients

N_CLIENTS = 256


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_is_told_before_a_crowd_is_answered(serve, line, method):
    service = serve(line, is_recorded=False)  # it is about who is faster
    with clients(service, N_CLIENTS) as crowd, clients(service, 1) as [probe]:
        for client in (*crowd, probe):
            client.request("GET", "/livez")
            client.getresponse().read()
        with away(service):
            for client in crowd:
                ask_for_a_prediction(client)
            probe.request(method, "/livez", headers={"X-Request-ID": "probe"})

        assert probe.getresponse().status == 200
        assert [client.getresponse().status for client in crowd] == [200] * N_CLIENTS

    # In the order of its log: this process may find the probe's answer when everybody else has one, too. Who stands in
    # line is the last; who does not is among the first ten, or in the middle where a busy machine takes its time.
    told = service.lines.index(service.logged("request", request_id="probe"))
    assert sum(line.get("route") == "/predict" for line in service.lines[:told]) < N_CLIENTS * 0.9
