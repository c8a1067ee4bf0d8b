"""Many clients at once, and clients with idle connections."""

from __future__ import annotations

import select
from contextlib import ExitStack

import pytest

from ..services import BACKENDS, running
from .crowd import clients

pytestmark = pytest.mark.slow

# The servers' own defaults are 5 s and 2 s.
LONGER_THAN_BY_DEFAULT_S = 6


def test_accepts_more_clients_than_the_initial_descriptor_limit(serve, line):
    service = serve(line, ulimit="-S -n 64")
    with clients(service, 128) as crowd:
        for client in crowd:
            client.request("GET", "/livez")

            assert client.getresponse().status == 200


def test_connections_may_idle_longer_than_the_servers_defaults(line):
    """Otherwise a proxy could lose the request that it is just sending."""
    with ExitStack() as services:
        idle = []
        for backend in BACKENDS:
            [client] = services.enter_context(clients(services.enter_context(running(backend, line)), 1))
            client.request("GET", "/livez")
            client.getresponse().read()
            idle.append(client.sock)

        assert select.select(idle, [], [], LONGER_THAN_BY_DEFAULT_S)[0] == []
