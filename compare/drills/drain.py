"""SIGTERM under load: every request is answered, and every client is told to go elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from subprocess import TimeoutExpired
from time import perf_counter

from serve_core.process.startup import stop_budget_s

from ..measuring.load import Outcome, put_load_on
from ..measuring.models import faults_of
from ..measuring.server import Server, on_cores
from .site import Check, Site, slow_payload

CONNECTIONS = 32
TERMINATED_AFTER_S = 1.0


@dataclass(frozen=True)
class _Drained:
    outcome: Outcome
    exit_code: int | None
    ended_after_s: float


def drain(site: Site) -> Iterator[Check]:
    drain_ms = site.lengths.drain_ms
    most_s = drain_ms / 1000 + stop_budget_s(site.settings)

    with site.serving(drain_ms=drain_ms) as server, on_cores(site.cores.load):
        # Every client sends requests until an answer closes its connection; a load balancer then sends it elsewhere.
        drained = _drained(server, site.requests.payloads, TERMINATED_AFTER_S + most_s, site.lengths.patience_s)
    faults = faults_of(drained.outcome, site.requests.answers)
    yield Check("fast: answered with 200", len(drained.outcome.took_s[HTTPStatus.OK]), at_least=1)
    yield Check(
        f"fast: s under load, SIGTERM after {TERMINATED_AFTER_S:g}",
        drained.outcome.seconds,
        at_least=TERMINATED_AFTER_S,
    )
    yield Check("fast: clients that were told to leave", drained.outcome.n_told_to_leave, at_least=CONNECTIONS)
    yield Check("fast: other, broken or missing answers", faults.total(), at_most=0)
    yield from _end(drained, "fast", most_s)

    # Every client has one request in flight; one is in the first call, which ends with the drain; the next ends later.
    call_s = TERMINATED_AFTER_S + drain_ms / 1000
    with site.serving_slowly(drain_ms=drain_ms) as server, on_cores(site.cores.load):
        drained = _drained(server, [slow_payload(call_s)], TERMINATED_AFTER_S, site.lengths.patience_s)
    yield Check("slow: s per call", call_s)
    yield Check(
        f"slow: answered with 200, of {CONNECTIONS}", len(drained.outcome.took_s[HTTPStatus.OK]), at_least=CONNECTIONS
    )
    yield from _end(drained, "slow", most_s)


def _drained(server: Server, payloads: Sequence[bytes], seconds: float, patience_s: float) -> _Drained:
    terminated_s = 0.0

    def terminate() -> None:
        nonlocal terminated_s
        terminated_s = perf_counter()
        server.process.terminate()

    timer = threading.Timer(TERMINATED_AFTER_S, terminate)
    timer.start()
    try:
        outcome = put_load_on(server.port, payloads, n_connections=CONNECTIONS, seconds=seconds, leaves_when_told=True)
    finally:
        timer.join()
    try:
        exit_code = server.process.wait(patience_s)
    except TimeoutExpired:
        exit_code = None
    return _Drained(outcome, exit_code, perf_counter() - terminated_s)


def _end(drained: _Drained, which: str, most_s: float) -> Iterator[Check]:
    code = -1 if drained.exit_code is None else drained.exit_code
    yield Check(f"{which}: exit code", code, at_least=0, at_most=0)
    yield Check(
        f"{which}: s from SIGTERM to the end (SERVE_DRAIN_MS, SERVE_DEADLINE_MS and 5 s)",
        drained.ended_after_s,
        at_most=most_s,
    )
