"""`kill -9` of one of two workers under load: how many requests are lost, and how soon two workers are ready again."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from ..measuring.asking import get
from ..measuring.load import put_load_on
from ..measuring.models import faults_of
from ..measuring.server import Server, on_cores
from .site import Check, Site, seconds_until

WORKERS = 2
CONNECTIONS = 64
KILLED_AFTER_S = 1.0
MOST_TO_START_S = 20.0


@dataclass
class _Victim:
    """
    Attributes:
        n_connections: its connections when it was killed.
    """

    n_connections: int = 0
    ready_after_s: float = inf


def kill(site: Site) -> Iterator[Check]:
    with site.serving(workers=WORKERS) as server, on_cores(site.cores.load):
        seconds_until(lambda: _ready_workers(server) == WORKERS, site.lengths.patience_s)
        victim = _Victim()
        killer = threading.Thread(target=_kill_busiest, args=[server, victim, site.lengths.patience_s], daemon=True)
        killer.start()
        outcome = put_load_on(
            server.port,
            site.requests.payloads,
            n_connections=CONNECTIONS,
            seconds=site.lengths.kill_s,
        )
        killer.join()
        after = put_load_on(server.port, site.requests.payloads, n_connections=CONNECTIONS, seconds=1.0)
    faults = faults_of(outcome, site.requests.answers)
    n_lost = faults.pop("connection broken", 0)
    yield Check("correct answers", len(outcome.waits_s) - faults.total(), at_least=1)
    yield Check("connections of the killed worker, each with one request", victim.n_connections, at_least=1)
    yield Check("requests lost", n_lost, at_most=victim.n_connections)
    yield Check("wrong or missing answers", faults.total(), at_most=0)
    yield Check("s until two workers were ready again", victim.ready_after_s, at_most=MOST_TO_START_S)
    yield Check("wrong or missing answers afterwards", faults_of(after, site.requests.answers).total(), at_most=0)


def _kill_busiest(server: Server, victim: _Victim, patience_s: float) -> None:
    time.sleep(KILLED_AFTER_S)
    n_connections = server.n_connections()
    killed = max(n_connections, key=lambda process: n_connections[process])
    os.kill(killed, signal.SIGSTOP)  # it accepts no more while its connections are counted
    victim.n_connections = server.n_connections()[killed]
    os.kill(killed, signal.SIGKILL)
    # A dead worker counts as ready until its parent has noticed.
    victim.ready_after_s = seconds_until(
        lambda: killed not in server.n_connections() and _ready_workers(server) == WORKERS, patience_s
    )


def _ready_workers(server: Server) -> float:
    found = re.search(rb"^serve_ready_workers (\S+)", get(server.port, "/metrics").body, re.MULTILINE)
    return float(found[1]) if found else 0.0
