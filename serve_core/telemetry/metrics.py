"""Prometheus metrics, exact over all workers of a service: each worker writes its own files, and a scrape adds them up.

This needs the folder that `environment.prepared_environment` creates before this import. Without it, for example in
another application or a test, the values are kept in the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ..environment import METRICS_FOLDER

MEDIA_TYPE = CONTENT_TYPE_LATEST

# The labels of requests without a route or with an unknown method: clients could make up labels without end.
UNMATCHED, OTHER = "unmatched", "other"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """The metrics of one worker."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.request_seconds = Histogram(
            "serve_request_seconds",
            "From the request's headers to its answer.",
            ("route", "method", "status"),
            buckets=_SECONDS,
            registry=registry,
        )
        self.model_call_seconds = Histogram(
            "serve_model_call_seconds",
            "Time in a model call that succeeded.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.model_call_rows = Histogram(
            "serve_model_call_rows", "Rows in a model call that succeeded.", buckets=_ROWS, registry=registry
        )
        self.model_failures = Counter("serve_model_failures", "Model calls that failed.", registry=registry)
        self.queue_requests = _gauge("serve_queue_requests", "Requests in the queue.", registry)
        self.queue_rows = _gauge("serve_queue_rows", "Rows in the queue.", registry)
        self.ready_workers = _gauge(
            "serve_ready_workers", "Workers that have started and are not shutting down.", registry
        )

        # Looking up a metric by its labels costs as much as counting in it.
        self._request_seconds_of = cache(self.request_seconds.labels)

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        self._request_seconds_of(route, method, status).observe(seconds)

    def count_call(self, n_rows: int, seconds: float) -> None:
        """Count a model call that succeeded."""
        self.model_call_seconds.observe(seconds)
        self.model_call_rows.observe(n_rows)

    def scrape(self) -> bytes:
        """The metrics of all workers in the text format of `MEDIA_TYPE`.

        Counters of dead workers stay; their gauges are removed. A scrape does this, because not every server has a
        hook for the end of a worker.
        """
        if METRICS_FOLDER not in os.environ:
            return generate_latest(self._registry)
        folder = Path(os.environ[METRICS_FOLDER])
        for gauges in folder.glob("gauge_live*_*.db"):
            if not _is_alive(int(gauges.stem.rpartition("_")[2])):
                gauges.unlink(missing_ok=True)  # another worker's scrape may have removed it
        registry = CollectorRegistry()
        registry.register(_AllWorkers(folder))
        return generate_latest(registry)


class _AllWorkers(Collector):
    """prometheus_client's own collector fails on a starting worker's file, which is empty for a moment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        files = [str(file) for file in self._folder.glob("*.db") if _has_content(file)]
        metrics: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return metrics


def _has_content(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:  # another worker's scrape has removed it
        return False


def _gauge(name: str, meaning: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(name, meaning, registry=registry, multiprocess_mode="livesum")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:  # no such process, or the id now belongs to another user's process
        return False
    return True
