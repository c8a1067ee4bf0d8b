"""A crowd of clients, as after a service was away."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection

from ..services import PATIENCE_S, Running

BODY = '{"instances": [{"x0": 4}]}'


@contextmanager
def away(service: Running) -> Iterator[None]:
    """Suspends the service, so that it finds all requests at once afterwards."""
    os.killpg(service.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(service.process.pid, signal.SIGCONT)


@contextmanager
def clients(service: Running, n_clients: int) -> Iterator[list[HTTPConnection]]:
    with ExitStack() as connections:
        yield [
            connections.enter_context(closing(HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_S)))
            for _ in range(n_clients)
        ]


def ask_for_a_prediction(client: HTTPConnection) -> None:
    client.request("POST", "/predict", BODY, {"Content-Type": "application/json"})
