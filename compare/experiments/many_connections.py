"""Thousands of connections that have sent nothing yet, that idle between two requests, or that wait for an answer.

A plain application on the usual server of its framework holds them, and so do the services as they ship.
"""

from __future__ import annotations

import json
import resource
import select
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from ..measuring.load import request_of
from ..measuring.plan import Lane
from ..measuring.server import Cores, Server, running
from . import Unavailable, need_both_services
from .subject import INSTANCE, save_artifact

CONNECTIONS = 5_000
FEWEST_CONNECTIONS = 1_000
SPARE_DESCRIPTORS = 200
ASKED_EVERY = 10

# Long enough that all requests wait at the same time.
WAIT_S = 0.5

# The clients wait this long together; then their answers are read one after the other. A request in a handler may first
# wait for others, as often as there are too few threads.
PATIENCE_S = 10.0
PATIENCE_IN_HANDLERS_S = 60.0
LOOK_S = 0.001

IDLE_S = 75
UVICORN = f"uvicorn compare.lanes.fastapi_waiting:app --no-access-log --timeout-keep-alive {IDLE_S} --port {{port}}"
GUNICORN = (
    "gunicorn compare.lanes.flask_waiting:app -k gthread --threads 200 --worker-connections 10000"
    f" --keep-alive {IDLE_S} --no-control-socket --bind 127.0.0.1:{{port}}"
)
QUIET = {"SERVE_ACCESS_LOG": "false"}

PAYLOAD = json.dumps({"instances": [INSTANCE]}).encode()
REQUEST = request_of(PAYLOAD)

Figures = dict[str, float]


def many_connections(most: int = CONNECTIONS) -> Figures:
    """The number of connections (5,000, or as many as the machine allows), and the share of them that failed.

    A connection that the server does not take within ten seconds has failed, too.

    `fastapi_` and `flask_` are the plain applications, on uvicorn and on gunicorn's gthread with 200 threads;
    `fastapi_service_` and `flask_service_` the services.

    - `silent_failed`, of connections that had sent nothing: every tenth sends a request in the end, and this share of
      them gets no answer within ten seconds; or, if that is more, this share of the others has been closed by then.
    - `idle_failed`: the same for connections with an earlier answer. `idle_mib`: the memory that they take.
    - `waiting_failed`: the share that gets no answer in a minute from a handler that waits for half a second.
    - `waiting_s`: the time until the last answer; `waiting_mib`: the memory for them.
    - `flask_waits_longer`: Flask's seconds divided by FastAPI's.
    """
    need_both_services()
    n_connections = _as_many_as_allowed(most)
    found: Figures = {"connections": float(n_connections)}
    with TemporaryDirectory() as folder:
        artifact = Path(folder, "artifact")
        save_artifact(artifact)
        for name, command in {"fastapi": UVICORN, "flask": GUNICORN}.items():
            with _served(Lane(name, name, command, {"WAIT_S": "0"}), artifact) as server:
                idle = _idle(server, n_connections)
            # A new server: silent connections may still hold gunicorn's threads.
            with _served(Lane(name, name, command, {"WAIT_S": str(WAIT_S)}), artifact) as server:
                waiting = _waiting(server, n_connections)
            with _served(Lane(name, name, f"serve_{name}", QUIET), artifact) as server:
                service = {f"service_{what}": figure for what, figure in _idle(server, n_connections).items()}
            found |= {f"{name}_{what}": figure for what, figure in (idle | waiting | service).items()}
    return found | {"flask_waits_longer": found["flask_waiting_s"] / found["fastapi_waiting_s"]}


@contextmanager
def _served(lane: Lane, artifact: Path) -> Iterator[Server]:
    with running(lane, artifact, PAYLOAD, Cores.available().server) as server:
        yield server


def _idle(server: Server, n_connections: int) -> Figures:
    """Silent connections come last: gunicorn's threads may still wait for them when they have gone."""
    before_mib = server.anonymous_mib()
    with _connected(server.port, n_connections, is_asking=True) as clients:
        until_s = perf_counter() + PATIENCE_S
        for client in clients:
            _status(client, until_s)
        held_mib = server.anonymous_mib() - before_mib
        idle = _share_failed(clients, n_connections)
    with _connected(server.port, n_connections) as clients:
        silent = _share_failed(clients, n_connections)
    return {"idle_failed": idle, "idle_mib": held_mib, "silent_failed": silent}


def _share_failed(clients: list[socket.socket], n_connections: int) -> float:
    """Of all connections, those that the server did not take included."""
    asking = clients[::ASKED_EVERY]
    others = set(clients) - set(asking)
    sent_s = [_send(client) for client in asking]
    n_unanswered = sum(_status(client, sent_s[0] + PATIENCE_S) != 200 for client in asking)
    n_failed = len(clients) * max(n_unanswered / len(asking), _n_closed(others) / len(others))
    return (n_failed + n_connections - len(clients)) / n_connections


def _waiting(server: Server, n_connections: int) -> Figures:
    before_mib = server.anonymous_mib()
    with _connected(server.port, n_connections) as clients:
        sent_s = [_send(client) for client in clients]
        statuses = [_status(client, sent_s[0] + PATIENCE_IN_HANDLERS_S) for client in clients]
        waiting_s = perf_counter() - sent_s[0]
        held_mib = server.anonymous_mib() - before_mib
    failed = 1 - statuses.count(200) / n_connections
    return {"waiting_failed": failed, "waiting_s": waiting_s, "waiting_mib": held_mib}


@contextmanager
def _connected(port: int, n_connections: int, *, is_asking: bool = False) -> Iterator[list[socket.socket]]:
    """Connects, as far as the server takes connections; each sends a request at once, or none does."""
    with ExitStack() as stack:
        clients: list[socket.socket] = []
        for _ in range(n_connections):
            try:
                client = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
            except OSError:  # nor will it take more
                break
            clients.append(stack.enter_context(client))
            if is_asking:
                _send(clients[-1])
        yield clients


def _send(client: socket.socket) -> float:
    """The time when the requests were sent."""
    with suppress(OSError):  # the connection is closed: `_status` says so
        client.sendall(REQUEST)
    return perf_counter()


def _n_closed(clients: Iterable[socket.socket]) -> int:
    """The number of closed connections among those without a request, where only the end can be read."""
    poll = select.poll()
    for client in clients:
        poll.register(client, select.POLLIN)
    return len(poll.poll(0))


def _status(client: socket.socket, until_s: float) -> int:
    """The status; 0 if there is no answer in time."""
    client.settimeout(max(until_s - perf_counter(), LOOK_S))
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
