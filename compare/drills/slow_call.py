"""A model call that takes too long: no request waits longer than its deadline, and the service says why."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from time import perf_counter

from ..judging.figures import percentile
from ..measuring.asking import Answer, get, predict
from ..measuring.server import on_cores
from .probes import checks_of, probing
from .site import Check, Site, seconds_until, slow_payload

N_WAITING, N_NEW = 16, 50
MOST_LATE_MS = 1000.0
MOST_REFUSAL_P99_MS = 50.0
MOST_TO_WORK_S = 1.0


def slow_call(site: Site) -> Iterator[Check]:
    call_s, deadline_ms = site.lengths.call_s, site.lengths.deadline_ms
    with (
        site.serving_slowly(deadline_ms=deadline_ms) as server,
        on_cores(site.cores.load),
        probing(server.port) as probed,
        ThreadPoolExecutor(N_WAITING) as callers,
    ):
        began_s = perf_counter()
        # One of them is in the call. Those behind it would take as long again if they were not dropped.
        waited = list(callers.map(lambda _: predict(server.port, slow_payload(call_s)), range(N_WAITING)))
        seconds_until(
            lambda: get(server.port, "/readyz").status == HTTPStatus.SERVICE_UNAVAILABLE, site.lengths.patience_s
        )
        readiness = get(server.port, "/readyz")
        new = [predict(server.port, slow_payload(0)) for _ in range(N_NEW)]
        waited_s = perf_counter() - began_s
        waited_s += seconds_until(
            lambda: predict(server.port, slow_payload(0)).status == HTTPStatus.OK, call_s + site.lengths.patience_s
        )
        readiness_after = get(server.port, "/readyz")

    late = [asked for asked in waited if asked.status == HTTPStatus.GATEWAY_TIMEOUT]
    refused = [asked for asked in new if _is_refusal(asked)]
    yield Check(f"waiting callers answered with 504, of {N_WAITING}", len(late), at_least=N_WAITING)
    yield Check(
        f"ms between the deadline of {deadline_ms} and the last of them",
        max(asked.took_s for asked in waited) * 1000 - deadline_ms,
        at_most=MOST_LATE_MS,
    )
    yield Check(f"new callers refused with 503 and Retry-After, of {N_NEW}", len(refused), at_least=N_NEW)
    yield Check(
        "503, p99 ms", percentile(sorted(asked.took_s * 1000 for asked in new), 0.99), at_most=MOST_REFUSAL_P99_MS
    )
    yield Check(f"/readyz said 503 and {readiness.code or 'nothing'}", int(_is_refusal(readiness)), at_least=1)
    yield from checks_of(probed)
    yield Check(f"s from the end of the {call_s:g} s call to a prediction", waited_s - call_s, at_most=MOST_TO_WORK_S)
    yield Check("/readyz is 200 afterwards", int(readiness_after.status == HTTPStatus.OK), at_least=1)


def _is_refusal(asked: Answer) -> bool:
    return asked.status == HTTPStatus.SERVICE_UNAVAILABLE and asked.retry_after is not None and bool(asked.code)
