"""The running model: it makes short calls in place; others wait in a queue that one thread empties in batches."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context
from time import monotonic, perf_counter
from typing import Any, Self

import structlog

from model.artifact import Model
from model.schema.signature import Row

from .batching.job_queue import JobQueue
from .batching.jobs import Answer, Job, Predictions, answers_to
from .batching.placement import rows_in_place
from .settings import Settings
from .telemetry.access import current_request_id
from .telemetry.metrics import Metrics
from .wire.problems import DeadlinePassed, ModelBusy, ModelFailed, NotReady, Refusal, ShuttingDown

logger = structlog.get_logger("serve.service")

# Clients in a closed loop send their next request while the answers of a call are being written. Without a wait for
# them, many small batches take turns. A request that comes within ten times the last call's duration may be from such a
# client. The next call then waits as long as another one follows within half of that duration.
RETURN_CALLS = 10
RETURN_SHARE = 0.5


class Service:
    """One per worker process. `with service:` starts and stops it, in the process that serves: threads survive no fork.

    The constructor calls the model a few dozen times, to measure which calls are short.

    If it is started in an event loop, it makes short calls there, once a turn, for all requests of the turn together.

    Attributes:
        rows_in_place: a request with at most this many rows is a short call; 0 if no call is short.
        is_draining: true from SIGTERM on. Predictions are still answered; load balancers should go elsewhere.
    """

    def __init__(self, model: Model, settings: Settings, metrics: Metrics | None = None) -> None:
        self.model = model
        self.metrics = metrics or Metrics()
        self.deadline_s = settings.deadline_ms / 1000
        self.rows_in_place = rows_in_place(model, settings)
        self.is_draining = False
        self._settings = settings
        self._queue = JobQueue(settings, self.metrics)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: list[Job] = []  # the short calls of the current turn of the loop
        self._n_turn_rows = 0
        self._process: int | None = None  # the one that has started it
        self._is_stopped = threading.Event()
        self._is_wanted = threading.Event()  # wakes the model thread
        self._n_wanted = 1  # the next call begins when the queue holds this many requests
        self._returned_by_s = 0.0  # on the monotonic clock: later requests are not from clients of the last call
        self._gap_s = 0.0  # the next call waits while one client after the other returns within this time
        self._call_began_s: float | None = None  # on the monotonic clock; None between calls
        self._threads: list[threading.Thread] = []
        # scikit-learn changes the warning filters of the process during a prediction, so it gets one call at a time.
        self._one_call: AbstractContextManager[Any] = nullcontext() if model.runtime == "onnx" else threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """May be called again after `stop`: a test may enter an application's lifespan several times."""
        self._loop = _running_loop()
        self._is_stopped.clear()
        self._queue.open()
        self._threads = [
            threading.Thread(target=self._call_until_stopped, name="model", daemon=True),
            threading.Thread(target=self._expire_until_stopped, name="deadlines", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        self._process = os.getpid()
        self.metrics.ready_workers.set(0 if self.is_draining else 1)

    def begin_draining(self) -> None:
        """Make /readyz say that the service is shutting down. Safe in a signal handler: it takes no lock."""
        self.is_draining = True

    def stop(self) -> None:
        """Refuse new requests, answer waiting ones, end the threads."""
        self._queue.close()
        self._is_stopped.set()
        self._is_wanted.set()
        for thread in self._threads:
            thread.join(timeout=self.deadline_s)
        self.metrics.ready_workers.set(0)

    def check_ready(self) -> None:
        """Raises: ShuttingDown, NotReady, ModelBusy."""
        if self.is_draining:
            raise ShuttingDown
        self._check_running()

    def submit(self, rows: list[Row]) -> Future[Predictions]:
        """Predict validated rows: one prediction for each.

        The future returns the predictions, or raises DeadlinePassed or ModelFailed. Cancel it when its client has left:
        rows that wait in the queue are then never predicted.

        Raises: NotReady, ShuttingDown, ModelBusy, QueueFull.
        """
        self._check_running()
        job = Job(rows, current_request_id(), expires_s=monotonic() + self.deadline_s)
        if len(rows) <= self.rows_in_place:
            if self._loop is not None and self._loop is _running_loop():
                self._join_turn(job)
            else:  # in a thread
                self._call_in_place([job])
            return job.future
        self._queue.join(job)
        job.future.add_done_callback(lambda future: self._queue.leave([job]) if future.cancelled() else None)
        if len(self._queue) >= self._n_wanted:
            self._is_wanted.set()
        return job.future

    def _check_running(self) -> None:
        if self._is_stopped.is_set():
            raise ShuttingDown
        if self._process != os.getpid():  # never started, or before a fork, which no thread survives
            raise NotReady
        began_s = self._call_began_s
        if began_s is not None and monotonic() > began_s + self.deadline_s:
            raise ModelBusy

    def _join_turn(self, job: Job) -> None:
        """Add the job to the short calls of this turn of the event loop."""
        if self._n_turn_rows + len(job.rows) > self.rows_in_place:
            self._end_turn()
        if not self._turn:
            # In a new context, because lines that the model logs belong to no single request.
            asyncio.get_running_loop().call_soon(self._end_turn, context=Context())
        self._turn.append(job)
        self._n_turn_rows += len(job.rows)

    def _end_turn(self) -> None:
        jobs, self._turn, self._n_turn_rows = self._turn, [], 0
        self._call_in_place(jobs)

    def _call_in_place(self, jobs: list[Job]) -> None:
        for answers in answers_to(jobs, self._predict_together, waits=lambda job: not job.future.cancelled()):
            for job, answer in answers:
                _settle(job, answer)

    def _call_until_stopped(self) -> None:
        while not self._is_stopped.is_set() or self._queue:
            self._wait_for_a_batch()
            self._call()

    def _wait_for_a_batch(self) -> None:
        """Wait for a request; then, if it may be from a client of the last call, for the others, but not for long."""
        n_returning = self._n_wanted  # as many as the last call answered; `_wait_for` changes it
        self._wait_for(1)
        if monotonic() > self._returned_by_s:
            return
        n_seen = 0
        while n_seen < len(self._queue) < n_returning:
            n_seen = len(self._queue)
            self._wait_for(n_returning, self._gap_s)

    def _wait_for(self, n_requests: int, wait_s: float | None = None) -> None:
        self._n_wanted = n_requests
        self._is_wanted.clear()
        while len(self._queue) < n_requests and not self._is_stopped.is_set():
            if not self._is_wanted.wait(wait_s):
                return
            self._is_wanted.clear()  # a request that an earlier wait was for may have set it late

    def _call(self) -> None:
        self._expire()
        max_rows = self._settings.max_batch_rows
        batch = self._queue.next_batch(max_rows)
        began_s = monotonic()
        self._call_began_s = began_s
        n_wanted = 0
        for answers in answers_to(batch, self._predict_together, waits=self._queue.__contains__):
            if not n_wanted:  # before the first answers
                n_wanted = self._queue.n_requests_wanted(batch, max_rows)
            self._answer(answers)
            self._call_began_s = monotonic()  # a batch that failed is asked again in parts
        self._call_began_s = None
        call_s = monotonic() - began_s
        self._returned_by_s = monotonic() + RETURN_CALLS * call_s
        self._gap_s = RETURN_SHARE * call_s
        self._n_wanted = n_wanted

    def _expire_until_stopped(self) -> None:
        wait_s = self.deadline_s
        while not self._is_stopped.wait(wait_s):
            self._expire()
            # A job that joins an empty queue expires a whole deadline later.
            wait_s = max(0.0, self._queue.next_expiry_s(default=monotonic() + self.deadline_s) - monotonic())

    def _expire(self) -> None:
        if expired := self._queue.expired():
            self._answer([(job, DeadlinePassed(self._settings.deadline_ms)) for job in expired])

    def _answer(self, answers: Sequence[tuple[Job, Answer]]) -> None:
        left = self._queue.leave([job for job, _ in answers])
        for job, answer in answers:
            if job in left:
                _settle(job, answer)
            elif isinstance(answer, ModelFailed):  # the request has gone and cannot log it
                logger.error(answer.code, request_id=job.request_id, exc_info=answer.__cause__)

    def _predict_together(self, jobs: list[Job]) -> Predictions:
        rows = [row for job in jobs for row in job.rows]
        with self._one_call:
            started = perf_counter()
            try:
                predictions = self.model.predict(rows)
            except BaseException as error:  # the edge of the model: its callers get the error, and the service goes on
                self.metrics.model_failures.inc()
                raise ModelFailed from error
            self.metrics.count_call(len(rows), perf_counter() - started)
        return predictions


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _settle(job: Job, answer: Answer) -> None:
    if not job.future.set_running_or_notify_cancel():
        return
    if isinstance(answer, Refusal):
        job.future.set_exception(answer)
    else:
        job.future.set_result(answer)
