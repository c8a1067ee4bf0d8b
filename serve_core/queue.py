"""What waits for the model: bounded in requests, rows and bytes, first come, first served, and answered once."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from model.prediction import Prediction
from model.signature import Row

from .metrics import Metrics
from .problems import QueueFull, Refusal
from .settings import Settings

Predictions = list[Prediction]
Answer = Predictions | Refusal


class Promise(Protocol):
    """What a caller waits on: a future of `concurrent.futures`, or one of `asyncio`."""

    def done(self) -> bool: ...
    def set_result(self, result: Predictions, /) -> None: ...
    def set_exception(self, exception: BaseException, /) -> None: ...


@dataclass(slots=True, eq=False)
class Job:
    """The rows of one request."""

    rows: list[Row]
    n_bytes: int  # of the body that brought them
    request_id: str
    expires_s: float  # on the monotonic clock
    promise: Promise


class JobQueue:
    """For any number of threads that bring jobs and one at a time that takes a batch of them.

    A job is held until it is answered, while the model is called with it, too. Whoever makes it leave answers it.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._metrics = metrics
        self._n_rows = 0
        self._n_bytes = 0
        self._settings = settings
        self._held: dict[Job, None] = {}  # in the order of arrival
        self._lock = threading.Lock()
        self._is_shown = False

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, job: Job) -> bool:
        return job in self._held

    def join(self, job: Job, *, show: bool) -> None:
        """
        Args:
            show: whether to show the queue, as `show` does, also where it is not shown yet.
        Raises: QueueFull.
        """
        with self._lock:
            if not self.fits(job):
                raise QueueFull
            self._held[job] = None
            self._n_rows += len(job.rows)
            self._n_bytes += job.n_bytes
        if show or self._is_shown:
            self.show()

    def fits(self, job: Job) -> bool:
        return (
            len(self._held) < self._settings.max_queue_requests
            and self._n_rows + len(job.rows) <= self._settings.max_queue_rows
            and self._n_bytes + job.n_bytes <= self._settings.max_queue_bytes
        )

    def leave(self, jobs: Iterable[Job]) -> set[Job]:
        """Those that had not left yet: they are the caller's to answer."""
        with self._lock:
            left = {job for job in jobs if job in self._held}
            for job in left:
                del self._held[job]
                self._n_rows -= len(job.rows)
                self._n_bytes -= job.n_bytes
        if self._is_shown:
            self.show()
        return left

    def n_first_rows(self) -> int:
        """Of the oldest job; 0 where there is none."""
        with self._lock:
            return next((len(job.rows) for job in self._held), 0)

    def next_batch(self, max_rows: int) -> list[Job]:
        """The oldest jobs, as many as fit: none where the first does not. Answer them before the next batch."""
        batch: list[Job] = []
        n_rows = 0
        with self._lock:
            for job in self._held:
                n_rows += len(job.rows)
                if n_rows > max_rows:
                    break
                batch.append(job)
        return batch

    def expired(self) -> list[Job]:
        now_s = monotonic()
        expired = []
        with self._lock:
            for job in self._held:  # all have the same time, so that the oldest expire first
                if job.expires_s > now_s:
                    break
                expired.append(job)
        return expired

    def next_expiry_s(self, default: float) -> float:
        """On the monotonic clock."""
        with self._lock:
            return next((job.expires_s for job in self._held), default)

    def show(self) -> None:
        """In the metrics, from now on until it is empty: what goes in one short call need not be written there."""
        with self._lock:
            self._is_shown = bool(self._held)
            self._metrics.queue_requests.set(len(self._held))
            self._metrics.queue_rows.set(self._n_rows)
