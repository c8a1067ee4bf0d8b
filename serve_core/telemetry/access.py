"""The request that is being answered: its id, and at its end one count in the metrics and one line in the log."""

from __future__ import annotations

import random
import re
from contextvars import ContextVar
from time import perf_counter

import structlog

from ..settings import Settings
from .metrics import METHODS, OTHER, UNMATCHED, Metrics

logger = structlog.get_logger("serve.access")

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}")
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin_request(header: str | None) -> str:
    """Returns: the client's `X-Request-ID` if it is well formed, otherwise a new one. All later log lines have it."""
    # As long as a UUID, but from a fast generator: an id need not be hard to guess.
    request_id = header if header and _WELL_FORMED.fullmatch(header) else f"{random.getrandbits(128):032x}"
    _request_id.set(request_id)
    return request_id


def current_request_id() -> str | None:
    """The id of the request that this thread or task is answering; None between requests."""
    return _request_id.get()


class AccessLog:
    """The end of each request: the metrics count it, the log gets a line unless the settings say otherwise."""

    def __init__(self, metrics: Metrics, settings: Settings) -> None:
        self._metrics = metrics
        self._writes_lines = settings.access_log

    def finished(self, *, route: str | None, method: str, status: int, started: float) -> None:
        """Count and log a request. The next log lines of this thread do not belong to it.

        Args:
            route: the template of the route that answered; None if no route did.
            started: when the headers had arrived, on the clock of `perf_counter`.
        """
        seconds = perf_counter() - started
        route = route or UNMATCHED
        method = method if method in METHODS else OTHER
        self._metrics.count_request(route, method, status, seconds)
        if self._writes_lines:
            logger.info("request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 3))
        _request_id.set(None)
