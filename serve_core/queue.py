"""What waits for the model: bounded in requests, rows and bytes, first come, first served, and answered once."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
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
    expires_s: float  # on the monotonic clock
    promise: Promise
    context: Context = field(default_factory=copy_context)  # of the request: the log takes its id from there


class JobQueue:
    """For any number of threads that bring jobs and one that takes batches of them.

    A job is held until it is answered, while the model is called with it, too. Whoever makes it leave answers it.

    Attributes:
        is_shown: in the metrics.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.is_shown = True
        self._metrics = metrics
        self._n_rows = 0
        self._n_bytes = 0
        self._settings = settings
        self._held: dict[Job, None] = {}  # in the order of arrival
        self._changed = threading.Condition()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, job: Job) -> bool:
        return job in self._held

    def join(self, job: Job) -> None:
        """Raises: QueueFull."""
        with self._changed:
            if (
                len(self._held) >= self._settings.max_queue_requests
                or self._n_rows + len(job.rows) > self._settings.max_queue_rows
                or self._n_bytes + job.n_bytes > self._settings.max_queue_bytes
            ):
                raise QueueFull
            self._held[job] = None
            self._n_rows += len(job.rows)
            self._n_bytes += job.n_bytes
            self._show()
            self._changed.notify()

    def leave(self, jobs: Iterable[Job]) -> set[Job]:
        """Those that had not left yet: they are the caller's to answer."""
        with self._changed:
            left = {job for job in jobs if job in self._held}
            for job in left:
                del self._held[job]
                self._n_rows -= len(job.rows)
                self._n_bytes -= job.n_bytes
            self._show()
        return left

    def next_batch(self) -> list[Job]:
        """The oldest jobs, as many as fit in one call, the first in any case. Answer them before the next batch."""
        batch: list[Job] = []
        n_rows = 0
        with self._changed:
            for job in self._held:
                n_rows += len(job.rows)
                if batch and n_rows > self._settings.max_batch_rows:
                    break
                batch.append(job)
        return batch

    def expired(self) -> list[Job]:
        now_s = monotonic()
        expired = []
        with self._changed:
            for job in self._held:  # all have the same time, so that the oldest expire first
                if job.expires_s > now_s:
                    break
                expired.append(job)
        return expired

    def next_expiry_s(self, default: float) -> float:
        """On the monotonic clock."""
        with self._changed:
            return next((job.expires_s for job in self._held), default)

    def wait(self) -> bool:
        """Until a job is there; false when the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._held or self._is_closed)
            return bool(self._held)

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _show(self) -> None:
        if self.is_shown:
            self._metrics.queue_requests.set(len(self._held))
            self._metrics.queue_rows.set(self._n_rows)
