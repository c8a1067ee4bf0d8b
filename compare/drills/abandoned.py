"""Thousands of clients send a request and leave: no thread, socket or memory of theirs may stay behind."""

from __future__ import annotations

import socket
import struct
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import cycle, islice
from math import inf

from ..measuring.asking import PATIENCE_S
from ..measuring.load import put_load_on, request_of
from ..measuring.models import faults_of
from ..measuring.server import Server, on_cores
from .site import Check, Site, seconds_until, slow_payload

# The time of a slow call, so that requests wait while their clients leave.
CALL_S = 0.1

# This many clients come at once, and the next ones when the service has released most of them. This drill does not ask
# how much memory more waiting clients need.
GROUP = 500

# The time in which a service that creates threads on demand has created them.
THREADS_GROW_S = 1.0

# The time that a request may take to arrive and to be answered.
MOST_TO_SETTLE_S = 20.0
MOST_GROWTH_MIB = 8.0

CLOSED, HALF_CLOSED, RESET, CUT_SHORT = range(4)
# This many clients of a group stay for a while.
MOST_HALF_CLOSED = 50
RESET_AT_CLOSE = struct.pack("ii", 1, 0)


def abandoned(site: Site) -> Iterator[Check]:
    with site.serving() as server, on_cores(site.cores.load):
        yield from _checks("fast", server, site.requests.payloads[0], site)
    with site.serving_slowly() as server, on_cores(site.cores.load):
        yield from _checks("slow", server, slow_payload(CALL_S), site)


def _checks(which: str, server: Server, payload: bytes, site: Site) -> Iterator[Check]:
    n_sockets = server.n_sockets()
    n_connections = 2 * site.settings.max_queue_requests
    put_load_on(server.port, [payload], n_connections=n_connections, seconds=site.lengths.capacity_s)
    _have_threads_made(server, request_of(payload), n_connections)
    _abandon(server.port, request_of(payload), GROUP)
    seconds_until(lambda: server.n_sockets() <= n_sockets, site.lengths.patience_s)
    n_threads, memory_mib = server.n_threads(), server.anonymous_mib()

    n_clients, n_unconnected, settles_s = 0, 0, 0.0
    while n_clients < site.lengths.n_abandoned and settles_s < inf:
        n_unconnected += _abandon(server.port, request_of(payload), GROUP)
        n_clients += GROUP
        settles_s = seconds_until(lambda: server.n_sockets() <= n_sockets + GROUP, site.lengths.patience_s)
    settles_s = seconds_until(
        lambda: server.n_threads() <= n_threads and server.n_sockets() <= n_sockets, site.lengths.patience_s
    )
    more_threads, more_sockets = server.n_threads() - n_threads, server.n_sockets() - n_sockets
    grown_mib = server.anonymous_mib() - memory_mib
    outcome = put_load_on(server.port, [payload], n_connections=1, seconds=site.lengths.capacity_s)

    yield Check(f"{which}: clients that could not connect, of {n_clients}", n_unconnected, at_most=0)
    yield Check(f"{which}: threads beyond the {n_threads} before", more_threads, at_most=0)
    yield Check(f"{which}: open sockets beyond the {n_sockets} before", more_sockets, at_most=0)
    yield Check(f"{which}: s until they were back to that", settles_s, at_most=MOST_TO_SETTLE_S)
    yield Check(f"{which}: MiB of memory beyond the {memory_mib:.0f} before", grown_mib, at_most=MOST_GROWTH_MIB)
    yield Check(f"{which}: requests answered afterwards", len(outcome.waits_s), at_least=1)
    yield Check(f"{which}: not answered with 200 afterwards", faults_of(outcome, None).total(), at_most=0)


def _have_threads_made(server: Server, request: bytes, n_clients: int) -> None:
    """Makes the service create all its threads: a client that stops in the middle of its request holds one."""
    with ExitStack() as stack:
        for _ in range(n_clients):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE_S))
            connection.sendall(request[:-1])
        n_threads = 0
        while n_threads < (n_threads := server.n_threads()):
            time.sleep(THREADS_GROW_S)


def _abandon(port: int, request: bytes, n_clients: int) -> int:
    """Returns: how many clients could not connect."""
    n_unconnected = 0
    half_closed: deque[socket.socket] = deque()
    for way in islice(cycle((CLOSED, HALF_CLOSED, RESET, CUT_SHORT)), n_clients):
        try:
            connection = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        except OSError:
            n_unconnected += 1
            continue
        with suppress(OSError):  # the server was faster
            connection.sendall(request[:-1] if way == CUT_SHORT else request)
            if way == HALF_CLOSED:
                connection.shutdown(socket.SHUT_WR)
        if way == HALF_CLOSED:
            half_closed.append(connection)
            if len(half_closed) > MOST_HALF_CLOSED:
                half_closed.popleft().close()
            continue
        if way == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        connection.close()
    for connection in half_closed:
        connection.close()
    return n_unconnected
