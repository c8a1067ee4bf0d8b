"""The requests that wait for the model: bounded in requests and rows, first come, first served, each answered once."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from time import monotonic

from ..settings import Settings
from ..telemetry.metrics import Metrics
from ..wire.problems import QueueFull, ShuttingDown
from .jobs import Job


class JobQueue:
    """Any number of threads may add jobs; one thread at a time takes a batch of them.

    The queue holds a job until it is answered, also during its model call. Whoever removes a job answers it.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._max_requests = settings.max_queue_requests
        self._max_rows = settings.max_queue_rows
        self._metrics = metrics
        self._n_rows = 0
        self._held: dict[Job, None] = {}  # in the order of arrival
        self._is_open = True
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, job: Job) -> bool:
        return job in self._held

    def open(self) -> None:
        with self._lock:
            self._is_open = True

    def close(self) -> None:
        """Refuse further jobs. When the queue is empty after this, it stays empty."""
        with self._lock:
            self._is_open = False

    def join(self, job: Job) -> None:
        """Raises: QueueFull, ShuttingDown."""
        with self._lock:
            if not self._is_open:
                raise ShuttingDown
            if len(self._held) >= self._max_requests or self._n_rows + len(job.rows) > self._max_rows:
                raise QueueFull
            self._held[job] = None
            self._n_rows += len(job.rows)
            self._show()

    def leave(self, jobs: Iterable[Job]) -> set[Job]:
        """Remove jobs. Returns: those that were still held; the caller must answer them."""
        with self._lock:
            left = {job for job in jobs if job in self._held}
            for job in left:
                del self._held[job]
                self._n_rows -= len(job.rows)
            self._show()
        return left

    def next_batch(self, max_rows: int) -> list[Job]:
        """The oldest jobs that fit into `max_rows`; a first job with more rows goes alone."""
        batch: list[Job] = []
        n_rows = 0
        with self._lock:
            for job in self._held:
                n_rows += len(job.rows)
                if batch and n_rows > max_rows:
                    break
                batch.append(job)
        return batch

    def n_requests_wanted(self, batch: list[Job], max_rows: int) -> int:
        """The number of held requests at which the next call begins: those behind the batch plus those in it.

        1 if those behind it already fill a call. Ask before the batch is answered; otherwise clients that have returned
        count twice.
        """
        with self._lock:
            n_rows_behind = self._n_rows - sum(len(job.rows) for job in batch if job in self._held)
            return len(self._held) if n_rows_behind < max_rows else 1

    def expired(self) -> list[Job]:
        now_s = monotonic()
        expired = []
        with self._lock:
            for job in self._held:  # all have the same time to live, so the oldest expires first
                if job.expires_s > now_s:
                    break
                expired.append(job)
        return expired

    def next_expiry_s(self, default: float) -> float:
        """When the oldest job expires, on the monotonic clock."""
        with self._lock:
            return next((job.expires_s for job in self._held), default)

    def _show(self) -> None:
        self._metrics.queue_requests.set(len(self._held))
        self._metrics.queue_rows.set(self._n_rows)
