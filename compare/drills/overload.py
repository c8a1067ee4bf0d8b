"""Three times as many requests as the service can answer: how many it answers, and how its memory and probes behave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from ..judging.figures import percentile
from ..measuring.load import Outcome, put_load_on
from ..measuring.models import faults_of
from ..measuring.server import Server, on_cores
from .probes import checks_of, probing, repeated
from .site import Check, Site, seconds_until

CAPACITY_CONNECTIONS = 64
TIMES_CAPACITY = 3
# Clients for each place in the queue. `docs/measuring.md` explains it.
CONNECTIONS_PER_PLACE = 3

LEAST_OF_CAPACITY = 0.9
MOST_REFUSAL_P99_MS = 50.0
MOST_GROWTH_MIB = 8.0
MEMORY_EVERY_S = 0.5

# A lone client's p50 may be this many times what it was before.
NORMAL_RATIO = 2.0
MOST_TO_NORMAL_S = 5.0
LONE_SECONDS = 0.5


@dataclass(frozen=True)
class _Loaded:
    outcome: Outcome
    cpu_s: float

    @property
    def answered_s(self) -> list[float]:
        return self.outcome.took_s[HTTPStatus.OK]

    @property
    def answered_per_s(self) -> float:
        return len(self.answered_s) / self.outcome.seconds if self.outcome.seconds else 0.0

    @property
    def answered_per_cpu_s(self) -> float:
        return len(self.answered_s) / self.cpu_s if self.cpu_s else 0.0


def overload(site: Site) -> Iterator[Check]:
    n_connections = CONNECTIONS_PER_PLACE * site.settings.max_queue_requests
    memory_mib: list[float] = []
    with site.serving() as server, on_cores(site.cores.load):
        before = _capacity(site, server)
        lone_p50_s = _p50_s(_lone(site, server))
        reading = repeated(MEMORY_EVERY_S, lambda: memory_mib.append(server.anonymous_mib()))
        with probing(server.port) as probed, reading:
            loaded = _loaded(
                site,
                server,
                n_connections=n_connections,
                seconds=site.lengths.overload_s,
                requests_per_s=TIMES_CAPACITY * before.answered_per_s,
            )
        normal_after_s = seconds_until(lambda: _is_normal(site, server, lone_p50_s), site.lengths.patience_s)
        # The speed of the machine changes.
        after = _capacity(site, server)

    capacity = (before.answered_per_s + after.answered_per_s) / 2
    capacity_per_cpu_s = (before.answered_per_cpu_s + after.answered_per_cpu_s) / 2
    outcome = loaded.outcome
    refused_ms = sorted(took_s * 1000 for took_s in outcome.took_s[HTTPStatus.SERVICE_UNAVAILABLE])
    faults = faults_of(outcome, site.requests.answers)
    del faults[f"status {HTTPStatus.SERVICE_UNAVAILABLE}"]
    third = len(memory_mib) // 3
    yield Check("capacity, requests/s", capacity)
    yield Check("answered with 200, share of capacity", _ratio(loaded.answered_per_s, capacity), LEAST_OF_CAPACITY)
    yield Check("the same by CPU time", _ratio(loaded.answered_per_cpu_s, capacity_per_cpu_s))
    yield Check("refused with 503, share of capacity", _ratio(len(refused_ms), capacity * outcome.seconds))
    yield Check("held back by the clients, share of capacity", _ratio(outcome.n_held_back, capacity * outcome.seconds))
    yield Check("other, wrong or missing answers", faults.total(), at_most=0)
    yield Check("503 without Retry-After", outcome.n_without_retry_after, at_most=0)
    yield Check("200, p99 ms after sending", percentile(sorted(loaded.answered_s), 0.99) * 1000)
    yield Check("503, p99 ms after sending", percentile(refused_ms, 0.99), at_most=MOST_REFUSAL_P99_MS)
    yield Check("load generator, share of its core", outcome.load_share)
    yield from checks_of(probed)
    yield Check(
        "memory, MiB more in the last third than in the first",
        max(memory_mib[-third:], default=0.0) - max(memory_mib[:third], default=0.0),
        at_most=MOST_GROWTH_MIB,
    )
    yield Check(
        f"s until a lone client's p50 is below {NORMAL_RATIO:g} x before", normal_after_s, at_most=MOST_TO_NORMAL_S
    )


def _capacity(site: Site, server: Server) -> _Loaded:
    return _loaded(site, server, n_connections=CAPACITY_CONNECTIONS, seconds=site.lengths.capacity_s)


def _loaded(
    site: Site, server: Server, *, n_connections: int, seconds: float, requests_per_s: float | None = None
) -> _Loaded:
    cpu_s = server.cpu_s()
    outcome = put_load_on(
        server.port,
        site.requests.payloads,
        n_connections=n_connections,
        seconds=seconds,
        requests_per_s=requests_per_s,
        holds_back=requests_per_s is not None,
    )
    return _Loaded(outcome, server.cpu_s() - cpu_s)


def _lone(site: Site, server: Server) -> Outcome:
    return put_load_on(server.port, site.requests.payloads, n_connections=1, seconds=LONE_SECONDS)


def _is_normal(site: Site, server: Server, lone_p50_s: float) -> bool:
    outcome = _lone(site, server)
    return _p50_s(outcome) < NORMAL_RATIO * lone_p50_s and not faults_of(outcome, site.requests.answers)


def _p50_s(outcome: Outcome) -> float:
    return percentile(sorted(outcome.waits_s), 0.5)


def _ratio(value: float, of: float) -> float:
    return value / of if of else 0.0
