"""The set-up of a drill, and its checks."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from time import perf_counter

from serve_core.settings import Settings

from ..measuring.models import Requests, Subject
from ..measuring.plan import Lane
from ..measuring.server import Cores, Server, running

POLL_S = 0.05


class NotHere(RuntimeError):
    """This machine lacks something that a drill needs besides Python; the message says what."""


@dataclass(frozen=True)
class Check:
    """A figure and its bound. Without a bound it is only shown. A count is an integer."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class Lengths:
    """How long the drills are.

    Attributes:
        n_abandoned: the number of clients that leave.
        drain_ms, deadline_ms: settings of the service.
        call_s: the time of the model call that is too slow.
        body_s: how long each hostile body is sent, one request after the other.
        patience_s: how long a drill waits for a state.
    """

    capacity_s: float
    overload_s: float
    n_abandoned: int
    drain_ms: int
    kill_s: float
    deadline_ms: int
    call_s: float
    body_s: float
    patience_s: float = 30.0


FULL = Lengths(
    capacity_s=5.0,
    overload_s=60.0,
    n_abandoned=10_000,
    drain_ms=Settings().drain_ms,
    kill_s=20.0,
    deadline_ms=Settings().deadline_ms,
    call_s=30.0,
    body_s=0.5,
)
QUICK = Lengths(
    capacity_s=1.0,
    overload_s=5.0,
    n_abandoned=1_000,
    drain_ms=500,
    kill_s=5.0,
    deadline_ms=1_000,
    call_s=4.0,
    body_s=0.1,
)


@dataclass(frozen=True)
class Site:
    """
    Attributes:
        lane: the lane of the service.
        subject: a fast model.
        slow: the artifact of `slow_model.py`, whose calls take as long as a request says.
    """

    lane: Lane
    subject: Subject
    slow: Path
    cores: Cores
    lengths: Lengths

    @property
    def requests(self) -> Requests:
        """Requests of one row each."""
        return self.subject.requests[1]

    @property
    def settings(self) -> Settings:
        """The service's settings, except those that a drill sets."""
        return Settings.from_env(self.lane.env)

    def serving(self, **settings: object) -> AbstractContextManager[Server]:
        return self._running(self.subject.artifact, self.requests.payloads[0], settings)

    def serving_slowly(self, **settings: object) -> AbstractContextManager[Server]:
        return self._running(self.slow, slow_payload(0), settings)

    def _running(self, artifact: Path, payload: bytes, settings: dict[str, object]) -> AbstractContextManager[Server]:
        env = {f"SERVE_{name.upper()}": str(value) for name, value in settings.items()}
        return running(replace(self.lane, env=self.lane.env | env), artifact, payload, self.cores.server)


def slow_payload(seconds: float) -> bytes:
    """A request whose prediction takes this long."""
    return b'{"instances": [{"seconds": %f}]}' % seconds


def seconds_until(is_so: Callable[[], bool], patience_s: float) -> float:
    """The time until the condition holds; infinite if it does not hold in time."""
    started_s = perf_counter()
    while not is_so():
        if perf_counter() > started_s + patience_s:
            return inf
        time.sleep(POLL_S)
    return perf_counter() - started_s
