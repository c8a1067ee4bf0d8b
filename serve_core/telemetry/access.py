"""Records the end of every request: one count in the metrics, one line in the log."""

from __future__ import annotations

from time import perf_counter

import structlog

from ..settings import Settings
from .logs import end_request
from .metrics import METHODS, OTHER, UNMATCHED, Metrics

logger = structlog.get_logger("serve.access")


class AccessLog:
    def __init__(self, metrics: Metrics, settings: Settings) -> None:
        self._metrics = metrics
        self._writes_lines = settings.access_log

    def finished(self, *, route: str | None, method: str, status: int, started: float) -> None:
        """
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
        end_request()
