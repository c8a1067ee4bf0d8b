"""Many who connect to FastAPI's service at once, as they do to one that has been away."""

from __future__ import annotations

import os
import signal
from http.client import HTTPConnection

from ..services import PATIENCE_S, running
from .asking import asking

N_CLIENTS = 128
BODY = '{"instances": [{"x0": 4}]}'


def test_are_let_in_a_few_at_a_time_and_not_one_by_one(line):
    """Under load one by one would take seconds. What comes in together goes in one call, so that the calls tell."""
    with running("fastapi", line) as service, asking(service) as ask:
        os.killpg(service.process.pid, signal.SIGSTOP)
        connections = [HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_S) for _ in range(N_CLIENTS)]
        for connection in connections:
            connection.request("POST", "/predict", BODY, {"Content-Type": "application/json"})
        os.killpg(service.process.pid, signal.SIGCONT)

        assert [connection.getresponse().status for connection in connections] == [200] * N_CLIENTS
        assert ask.metric("serve_model_call_rows_sum") == N_CLIENTS
        assert ask.metric("serve_model_call_rows_count") < N_CLIENTS / 4
        for connection in connections:
            connection.close()
