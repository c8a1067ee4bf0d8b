"""The running model: requests join its queue, and one call at a time predicts what waits there."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterable, Sequence
from contextvars import Context
from time import monotonic, perf_counter

import structlog

from model.artifact import Model
from model.signature import Row

from .batching import answers_to
from .in_flight import InFlight
from .metrics import Metrics
from .placement import rows_in_place
from .problems import ClientLeft, DeadlinePassed, ModelBusy, ModelFailed, NotReady, Refusal, ShuttingDown
from .queue import Answer, Job, JobQueue, Predictions, Promise
from .settings import SPARE_THREADS, Settings

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
        self._is_started = self._is_shutting_down = False
        self._rows_in_place = 0
        self._calling = threading.Lock()  # the model for what waits in the queue: one call at a time
        self._call_began_s: float | None = None  # on the monotonic clock; None between calls
        self._model_thread = threading.Thread(target=self._call_until_stopped, name="model", daemon=True)
        self._deadline_thread = threading.Thread(target=self._expire_until_stopped, name="deadlines", daemon=True)
        self._is_wanted = threading.Event()  # the model thread
        self._is_stopped = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread: int | None = None
        self._is_scheduled = False  # a call in the loop
        self._no_request = Context()  # for calls in the loop: what they log bears no request's id

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """
        Args:
            loop: the event loop, which calls this, in which requests wait; None where each waits in its own thread.
        """
        # The model and the libraries stay: no collection has to look at them again. Parsing 2 MiB of small arrays
        # triggers so many collections that they take most of its time.
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER_OBJECTS)
        # A call goes on when its requests have got their 504; each thread of a server may make another.
        self._in_flight = InFlight(2 * self._settings.max_queue_requests + SPARE_THREADS)
        self._rows_in_place = rows_in_place(self.model, self._settings.max_batch_rows)
        if loop:
            self._loop, self._loop_thread = loop, threading.get_ident()
        self._model_thread.start()
        self._deadline_thread.start()
        self._is_started = True
        self.metrics.ready_workers.set(1)
        if self._is_shutting_down:  # already, by a signal
            self.metrics.ready_workers.set(0)

    def begin_shutdown(self) -> None:
        """Take no more predictions, answer those that wait. Safe in a signal handler: it takes no lock."""
        self._is_shutting_down = True

    def stop(self) -> None:
        """Answer what waits, then end the threads. The server has let go of every request by now."""
        self.begin_shutdown()
        self._is_stopped.set()
        self._is_wanted.set()
        for thread in (self._model_thread, self._deadline_thread):
            if thread.is_alive():
                thread.join(timeout=self.deadline_s)

    def check_ready(self) -> None:
        """Raises: NotReady, ShuttingDown, ModelBusy."""
        if self._is_shutting_down:
            raise ShuttingDown
        if not self._is_started:
            raise NotReady
        began_s = self._call_began_s
        if began_s is not None and monotonic() > began_s + self.deadline_s:
            raise ModelBusy

    @property
    def calls_in_place(self) -> bool:
        """Whether a request of one row never waits for another call."""
        return self._rows_in_place > 0

    def is_in_place(self, rows: list[Row]) -> bool:
        """Whether a call with so many rows is short enough to be made where the request is."""
        return len(rows) <= self._rows_in_place

    def predict(self, rows: list[Row], request_id: str) -> Predictions:
        """In place, in the thread of the request. Any number of threads may do it at once.

        Raises: NotReady, ShuttingDown, ModelBusy, ModelFailed.
        """
        self.check_ready()
        in_flight = self._in_flight.begin([request_id])
        try:
            return self._predict(rows)
        finally:
            self._in_flight.end(in_flight)

    def submit(self, rows: list[Row], promise: Promise, *, n_bytes: int, request_id: str) -> Job:
        """Queue validated rows; the promise brings as many predictions, DeadlinePassed, ModelFailed or ClientLeft.

        Args:
            promise: a future of the loop that the service was started with, or of a thread where there is none.
            n_bytes: how long the body was that brought the rows.
        Raises: NotReady, ShuttingDown, ModelBusy, QueueFull.
        """
        self.check_ready()
        job = Job(rows, n_bytes, request_id, monotonic() + self.deadline_s, promise)
        if self._loop and self._rows_in_place and not self._queue.fits(job):
            self._call_in_place()  # a short call is no dearer than a refusal
        self._queue.join(job, show=self._call_began_s is not None)
        self._see_to_a_call()
        return job

    def take_back(self, job: Job) -> None:
        """Its client has left: where the rows still wait, they never reach the model. Call it in the loop."""
        if self._queue.leave([job]):
            _settle([(job.promise, ClientLeft())])

    def _see_to_a_call(self) -> None:
        """Whatever waits: in the loop's next turn, where the calls are short, or else by the model thread."""
        if not (self._loop and self._rows_in_place):
            self._is_wanted.set()
        elif threading.get_ident() != self._loop_thread:
            self._loop.call_soon_threadsafe(self._see_to_a_call)
        elif not self._is_scheduled:
            self._is_scheduled = True  # what arrives in the same turn goes together
            self._loop.call_soon(self._call_in_next_turn, context=self._no_request)

    def _call_in_next_turn(self) -> None:
        self._is_scheduled = False
        self._call_in_place()

    def _call_in_place(self) -> None:
        """In the loop, what a short call takes, unless the model thread is calling: it sees to what is left."""
        if not self._calling.acquire(blocking=False):
            return
        try:
            self._call(self._rows_in_place)
        finally:
            self._calling.release()
        if self._queue.n_first_rows() > self._rows_in_place:
            self._is_wanted.set()
        elif self._queue:
            self._queue.show()
            self._see_to_a_call()

    def _call_until_stopped(self) -> None:
        while not self._is_stopped.is_set():
            self._is_wanted.wait()
            self._is_wanted.clear()
            self._call_in_thread()
            if self._queue:
                self._see_to_a_call()
        while self._queue:
            self._call_in_thread()

    def _call_in_thread(self) -> None:
        with self._calling:
            self._call(max(self._settings.max_batch_rows, self._queue.n_first_rows()), show=True)

    def _call(self, max_rows: int, *, show: bool = False) -> None:
        self._expire()
        batch = self._queue.next_batch(max_rows)
        if show:
            self._queue.show()
        for answers in answers_to(batch, self._predict_together, waits=self._queue.__contains__):
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
        settled = [(job.promise, answer) for job, answer in answers if job in left]
        if self._loop is None or threading.get_ident() == self._loop_thread:
            _settle(settled)
        elif settled:
            # Once for all answers of a call: each time wakes the loop.
            self._loop.call_soon_threadsafe(_settle, settled)
        for job, answer in answers:
            if job not in left and isinstance(answer, ModelFailed):  # nobody waits any more who would log it
                logger.error(answer.code, request_id=job.request_id, exc_info=answer.__cause__)

    def _predict_together(self, jobs: list[Job]) -> Predictions:
        self._call_began_s = monotonic()
        in_flight = self._in_flight.begin(job.request_id for job in jobs)
        try:
            return self._predict([row for job in jobs for row in job.rows])
        finally:
            self._in_flight.end(in_flight)
            self._call_began_s = None

    def _predict(self, rows: list[Row]) -> Predictions:
        started = perf_counter()
        try:
            predictions = self.model.predict(rows)
        except BaseException as error:  # the edge of the model: whoever waits is told, and the service lives on
            self.metrics.model_failures.inc()
            raise ModelFailed from error
        self.metrics.count_call(len(rows), perf_counter() - started)
        return predictions


def _settle(answers: Iterable[tuple[Promise, Answer]]) -> None:
    for promise, answer in answers:
        if promise.done():  # the server has cancelled who waited for it
            continue
        if isinstance(answer, Refusal):
            promise.set_exception(answer)
        else:
            promise.set_result(answer)
