"""Many who connect at once."""

from __future__ import annotations

from ..operation.asking import asking
from ..operation.crowd import ask_for_a_prediction, away, clients
from ..services import running

N_CLIENTS = 128


def test_are_let_in_a_few_at_a_time_and_not_one_by_one(line):
    """Under load one by one would take seconds. What comes in together goes in one call, so that the calls tell."""
    with running("fastapi", line) as service, asking(service) as ask, clients(service, N_CLIENTS) as crowd:
        with away(service):
            for client in crowd:
                ask_for_a_prediction(client)

        assert [client.getresponse().status for client in crowd] == [200] * N_CLIENTS
        assert ask.metric("serve_model_call_rows_sum") == N_CLIENTS
        assert ask.metric("serve_model_call_rows_count") < N_CLIENTS / 4
