"""Thousands of connections to the services as they ship: idle ones, then as many that wait for an answer at once."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from tempfile import TemporaryDirectory

from ..plan import Lane
from ..server import Cores, Server, running
from . import Unavailable, need_both_services
from .subject import INSTANCE, save_artifact

CONNECTIONS = 5_000
FEWEST_CONNECTIONS = 1_000
SPARE_DESCRIPTORS = 200
ASKED_EVERY = 10
PATIENCE_S = 30.0

PAYLOAD = json.dumps({"instances": [INSTANCE]}).encode()
IS_ALIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
PREDICT = (
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    % (len(PAYLOAD), PAYLOAD)
)

Figures = dict[str, float]


def many_connections(most: int = CONNECTIONS) -> Figures:
    """How many connections there were (5,000, or as many as the machine allows), how many failed, and their MiB.

    An idle one has failed if it is closed, or, of every tenth, which speaks at last, if it is not answered; one that
    waits if it gets no answer. `refused` are told by a 503 that too many wait, which is the services' own limit.
    """
    need_both_services()
    n_connections = _as_many_as_allowed(most)
    found: Figures = {"connections": float(n_connections)}
    with TemporaryDirectory() as folder:
        artifact = Path(folder, "artifact")
        save_artifact(artifact)
        for name in ("fastapi", "flask"):
            lane = Lane(name, name, f"serve_{name}", {"SERVE_ACCESS_LOG": "false"})
            with running(lane, artifact, PAYLOAD, Cores.available().server) as server:
                figures = _idle(server, n_connections) | _waiting(server, n_connections)
            found |= {f"{name}_{what}": figure for what, figure in figures.items()}
    return found


def _idle(server: Server, n_connections: int) -> Figures:
    before_mib = server.anonymous_mib()
    with _connected(server.port, n_connections) as clients:
        held_mib = server.anonymous_mib() - before_mib
        n_closed = _n_closed(clients)
        some = clients[::ASKED_EVERY]
        for client in some:
            _send(client, IS_ALIVE)
        n_silent = sum(_status(client) != 200 for client in some)
    return {"idle_failed": float(max(n_closed, n_silent)), "idle_mib": held_mib}


def _waiting(server: Server, n_connections: int) -> Figures:
    """All wait at the same time, because the service sleeps until the last has asked."""
    before_mib = server.anonymous_mib()
    with _connected(server.port, n_connections) as clients:
        os.killpg(server.process.pid, signal.SIGSTOP)
        try:
            for client in clients:
                _send(client, PREDICT)
        finally:
            os.killpg(server.process.pid, signal.SIGCONT)
        statuses = [_status(client) for client in clients]
        held_mib = server.anonymous_mib() - before_mib
    return {
        "waiting_failed": float(sum(status not in (200, 503) for status in statuses)),
        "waiting_refused": float(statuses.count(503)),
        "waiting_mib": held_mib,
    }


@contextmanager
def _connected(port: int, n_connections: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        address = ("127.0.0.1", port)
        yield [stack.enter_context(socket.create_connection(address, PATIENCE_S)) for _ in range(n_connections)]


def _send(client: socket.socket, request: bytes) -> None:
    try:
        client.sendall(request)
    except OSError:  # it has been closed: `_status` says so
        return


def _n_closed(clients: list[socket.socket]) -> int:
    """Of connections that were sent nothing: what can be read of them is their end."""
    poll = select.poll()
    for client in clients:
        poll.register(client, select.POLLIN)
    return len(poll.poll(0))


def _status(client: socket.socket) -> int:
    """0 where there is no answer."""
    answer = HTTPResponse(client)
    try:
        answer.begin()
        answer.read()
        return answer.status
    except (OSError, HTTPException):
        return 0
    finally:
        answer.close()


def _as_many_as_allowed(most: int) -> int:
    """Raises: Unavailable."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = most + SPARE_DESCRIPTORS
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if allowed < min(most, FEWEST_CONNECTIONS) + SPARE_DESCRIPTORS:
        raise Unavailable(f"This machine allows a process {hard} open files, too few for thousands of connections.")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    return allowed - SPARE_DESCRIPTORS
