"""The running model: requests join its queue, and one call at a time predicts what waits there."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterable, Sequence
from time import monotonic, perf_counter

import structlog

from model.artifact import Model
from model.signature import Row

from .batching import answers_to
from .metrics import Metrics
from .placement import is_called_in_place
from .problems import ClientLeft, DeadlinePassed, ModelBusy, ModelFailed, NotReady, Refusal, ShuttingDown, Unavailable
from .queue import Answer, Job, JobQueue, Predictions, Promise
from .settings import Settings

logger = structlog.get_logger("serve.service")

COLLECT_AFTER_OBJECTS = 50_000


class Service:
    """One per worker process. Start it in the process that serves: threads do not survive a fork."""

    def __init__(self, model: Model, settings: Settings, metrics: Metrics) -> None:
        self.model = model
        self.metrics = metrics
        self.deadline_s = settings.deadline_ms / 1000
        self._settings = settings
        self._queue = JobQueue(settings, metrics)
        self._refuse_with: type[Unavailable] | None = NotReady
        self._call_began_s: float | None = None  # on the monotonic clock; None between calls
        self._model_thread = threading.Thread(target=self._call_until_closed, name="model", daemon=True)
        self._deadline_thread = threading.Thread(target=self._expire_until_stopped, name="deadlines", daemon=True)
        self._is_stopped = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None  # where the model is called in place
        self._is_scheduled = False
        self._settle: Callable[[list[tuple[Promise, Answer]]], object] = _settle

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """
        Args:
            loop: the event loop in which requests wait; None where each waits in a thread of its own.
        """
        # The model and the libraries stay: no collection has to look at them again. Parsing 2 MiB of small arrays
        # triggers so many collections that they take most of its time.
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER_OBJECTS)
        if loop and is_called_in_place(self.model, self._settings.max_batch_rows):
            self._loop = loop
            self._queue.is_shown = False  # a scrape of this worker finds it empty: it is emptied in the same turn
        else:
            if loop:
                # Once for all answers of a call: each time wakes the loop.
                self._settle = lambda answers: loop.call_soon_threadsafe(_settle, answers)
            self._model_thread.start()
            self._deadline_thread.start()
        self._refuse_with = None
        self.metrics.ready_workers.set(1)

    def begin_shutdown(self) -> None:
        """Take no more predictions, answer those that wait. Safe in a signal handler: it takes no lock."""
        self._refuse_with = ShuttingDown

    def stop(self) -> None:
        """Answer what waits, then end the threads. The server has let go of every request by now."""
        self.begin_shutdown()
        self._queue.close()
        self._is_stopped.set()
        for thread in (self._model_thread, self._deadline_thread):
            if thread.is_alive():
                thread.join(timeout=self.deadline_s)

    def check_ready(self) -> None:
        """Raises: NotReady, ShuttingDown, ModelBusy."""
        if self._refuse_with:
            raise self._refuse_with
        began_s = self._call_began_s
        if began_s is not None and monotonic() > began_s + self.deadline_s:
            raise ModelBusy

    def submit(self, rows: list[Row], n_bytes: int, promise: Promise) -> Job:
        """Queue validated rows; the promise brings as many predictions, DeadlinePassed, ModelFailed or ClientLeft.

        Args:
            n_bytes: how long the body was that brought the rows.
            promise: a future of the loop that the service was started with, or of a thread where there is none.
        Raises: NotReady, ShuttingDown, ModelBusy, QueueFull.
        """
        self.check_ready()
        job = Job(rows, n_bytes, monotonic() + self.deadline_s, promise)
        self._queue.join(job)
        if self._loop and not self._is_scheduled:
            self._loop.call_soon(self._call_in_place)
            self._is_scheduled = True
        return job

    def take_back(self, job: Job) -> None:
        """Its client has left: where the rows still wait, they never reach the model. Call it in the loop."""
        if self._queue.leave([job]):
            _settle([(job.promise, ClientLeft())])

    def _call_until_closed(self) -> None:
        while self._queue.wait():
            self._call()

    def _call_in_place(self) -> None:
        """What has arrived in one turn of the loop goes in one call."""
        self._is_scheduled = False
        self._call()
        if self._queue:
            assert self._loop
            self._loop.call_soon(self._call_in_place)
            self._is_scheduled = True

    def _call(self) -> None:
        self._expire()
        for answers in answers_to(self._queue.next_batch(), self._predict, waits=self._queue.__contains__):
            self._answer(answers)

    def _expire_until_stopped(self) -> None:
        wait_s = self.deadline_s
        while not self._is_stopped.wait(wait_s):
            self._expire()
            # What joins an empty queue from now on has a whole deadline before it.
            wait_s = max(0.0, self._queue.next_expiry_s(default=monotonic() + self.deadline_s) - monotonic())

    def _expire(self) -> None:
        if expired := self._queue.expired():
            self._answer([(job, DeadlinePassed(self._settings.deadline_ms)) for job in expired])

    def _answer(self, answers: Sequence[tuple[Job, Answer]]) -> None:
        left = self._queue.leave([job for job, _ in answers])
        if left:
            self._settle([(job.promise, answer) for job, answer in answers if job in left])
        for job, answer in answers:
            if job not in left and isinstance(answer, ModelFailed):  # nobody waits any more who would log it
                job.context.run(logger.error, answer.code, exc_info=answer.__cause__)

    def _predict(self, rows: list[Row]) -> Predictions:
        started = perf_counter()
        self._call_began_s = monotonic()
        try:
            predictions = self.model.predict(rows)
        except BaseException as error:  # the edge of the model: whoever waits is told, and the service lives on
            self.metrics.model_calls.labels("failed").inc()
            raise ModelFailed from error
        finally:
            self._call_began_s = None
        self.metrics.model_calls.labels("ok").inc()
        self.metrics.model_call_seconds.observe(perf_counter() - started)
        self.metrics.model_call_rows.observe(len(rows))
        self.metrics.rows.inc(len(rows))
        return predictions


def _settle(answers: Iterable[tuple[Promise, Answer]]) -> None:
    for promise, answer in answers:
        if promise.done():  # the server has cancelled who waited for it
            continue
        if isinstance(answer, Refusal):
            promise.set_exception(answer)
        else:
            promise.set_result(answer)
