"""The most expensive body of a given length: its cost beside a valid one, and how long sixteen of them delay others."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from itertools import cycle
from math import inf

import orjson

from ..measuring.asking import predict
from ..measuring.health import Health, health_asked
from ..measuring.load import put_load_on
from ..measuring.server import Server, on_cores
from .hostile_bodies import hostile_bodies
from .site import Check, Site

SHORT_BYTES = 3_000
VALID = "a valid body"

# Compared with a valid body of the same length.
MOST_TIMES_CPU = 10.0
MOST_TIMES_MEMORY = 4.0

REFUSED = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}

N_AT_ONCE = 16
MOST_WAIT_S = 3.0
# Health checks are sent for this long before and after.
MARGIN_S = 0.2

# Freed memory goes back to the system at once, so that the peak of each body is visible.
# Source: mallopt(3): unless they are set, both thresholds follow the memory that a process has freed.
GIVES_MEMORY_BACK = {"MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}


def dearest_body(site: Site) -> Iterator[Check]:
    n_bytes, names = site.settings.max_body_bytes, site.subject.model.signature.names
    n_instances, valid = _valid_body(site, n_bytes)
    long = {VALID: valid, **hostile_bodies(n_bytes, names)}
    short = {VALID: _valid_body(site, SHORT_BYTES)[1], **hostile_bodies(SHORT_BYTES, names)}
    # The long valid body must be accepted.
    settings = {"max_instances": n_instances, "max_queue_rows": max(n_instances, site.settings.max_queue_rows)}

    with site.serving(**settings) as server, on_cores(site.cores.load):
        statuses = {
            what: [_status(server, bodies[what]) for bodies in (short, long) if what in bodies] for what in long
        }
        short_ms = {what: _cpu_ms(server, body, site.lengths.body_s) for what, body in short.items()}
        long_ms = {what: _cpu_ms(server, body, site.lengths.body_s) for what, body in long.items()}
        dearest = max(long.keys() - {VALID}, key=lambda what: long_ms[what])
        health = _health_beside(server, long[dearest])
    giving_back = replace(site, lane=replace(site.lane, env=site.lane.env | GIVES_MEMORY_BACK))
    with giving_back.serving(**settings) as server, on_cores(site.cores.load):
        long_mib = {what: _growth_mib(server, body) for what, body in long.items()}

    of_valid, of_hostile = statuses.pop(VALID), [status for found in statuses.values() for status in found]
    yield Check("valid bodies not answered with 200", sum(status != HTTPStatus.OK for status in of_valid), at_most=0)
    yield Check("hostile bodies not refused", sum(status not in REFUSED for status in of_hostile), at_most=0)
    yield from _checks(f"{SHORT_BYTES:,} bytes", short_ms, "ms of CPU", MOST_TIMES_CPU)
    yield from _checks(f"{n_bytes:,} bytes", long_ms, "ms of CPU", MOST_TIMES_CPU)
    yield from _checks(f"{n_bytes:,} bytes", long_mib, "MiB", MOST_TIMES_MEMORY)
    yield Check(f"{N_AT_ONCE} at once, {dearest}: /livez not answered with 200", health.n_failed, at_most=0)
    yield Check(f"{N_AT_ONCE} at once: s of the slowest /livez", _longest_s(health), at_most=MOST_WAIT_S)


def _valid_body(site: Site, n_bytes: int) -> tuple[int, bytes]:
    """The number of instances that fit, and the body."""
    instances: list[bytes] = []
    left = n_bytes - len(b'{"instances":[]}')
    for payload in cycle(site.requests.payloads):
        [instance] = orjson.loads(payload)["instances"]
        instances.append(orjson.dumps(instance))
        left -= len(instances[-1]) + 1
        if left < 0:
            break
    *fitting, _ = instances
    return len(fitting), b'{"instances":[%s]}' % b",".join(fitting)


def _status(server: Server, body: bytes) -> int:
    return predict(server.port, body).status


def _cpu_ms(server: Server, body: bytes, seconds: float) -> float:
    """The CPU time of a request, by the kernel's accounting of all processes of the service."""
    cpu_s = server.cpu_s()
    asked = put_load_on(server.port, [body], n_connections=1, seconds=seconds)
    return (server.cpu_s() - cpu_s) * 1000 / max(1, len(asked.waits_s))


def _growth_mib(server: Server, body: bytes) -> float:
    """How much more memory the service takes during a request than between requests."""
    server.forget_peak()
    before_mib = server.peak_mib()
    predict(server.port, body)
    return server.peak_mib() - before_mib


def _health_beside(server: Server, body: bytes) -> Health:
    with health_asked(server.port) as health, ThreadPoolExecutor(N_AT_ONCE) as clients:
        time.sleep(MARGIN_S)
        list(clients.map(lambda _: predict(server.port, body), range(N_AT_ONCE)))
        time.sleep(MARGIN_S)
    return health


def _longest_s(health: Health) -> float:
    return max(health.waits_ms, default=inf) / 1000


def _checks(length: str, costs: Mapping[str, float], unit: str, most_times: float) -> Iterator[Check]:
    """The most expensive first."""
    valid = costs[VALID]
    yield Check(f"{length}, {VALID}: {unit}", valid)
    for what in sorted(costs.keys() - {VALID}, key=lambda what: -costs[what]):
        ratio = costs[what] / valid if valid else inf
        yield Check(f"{length}, {what}: {costs[what]:.3g} {unit}, times a valid body", ratio, at_most=most_times)
