"""The running model: a bounded queue in front of one thread that predicts, one call at a time."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import Future
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from queue import SimpleQueue
from time import monotonic, perf_counter

import structlog

from model.artifact import Model
from model.prediction import Prediction
from model.signature import Row

from .metrics import Metrics
from .problems import DeadlinePassed, ModelFailed, NotReady, QueueFull, ShuttingDown, Unavailable
from .settings import Settings

logger = structlog.get_logger("serve.service")

Predictions = list[Prediction]

COLLECT_AFTER_OBJECTS = 50_000


@dataclass(frozen=True, slots=True)
class _Job:
    rows: list[Row]
    expires_s: float  # on the monotonic clock
    predictions: Future[Predictions]
    context: Context = field(default_factory=copy_context)  # of the request: the log takes its id from there

    @property
    def is_expired(self) -> bool:
        return monotonic() > self.expires_s


class Service:
    """One per worker process. Start it in the process that serves: threads do not survive a fork."""

    def __init__(self, model: Model, settings: Settings, metrics: Metrics) -> None:
        self.model = model
        self.metrics = metrics
        self.deadline_s = settings.deadline_ms / 1000
        self._settings = settings
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._admission = threading.Lock()
        self._n_requests = 0
        self._n_rows = 0
        self._refuse_with: type[Unavailable] | None = NotReady
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)

    def start(self) -> None:
        # The model and the libraries stay: no collection has to look at them again. Parsing 2 MiB of small arrays
        # triggers so many collections that they take most of its time.
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER_OBJECTS)
        self._thread.start()
        self._refuse_with = None
        self.metrics.ready_workers.set(1)

    def begin_shutdown(self) -> None:
        """Take no more predictions, answer those that wait. Safe in a signal handler: it takes no lock."""
        self._refuse_with = ShuttingDown

    def stop(self) -> None:
        """Answer what waits, then end the thread. The server has let go of every request by now."""
        self.begin_shutdown()
        self._jobs.put(None)
        self._thread.join(timeout=self.deadline_s)

    def check_ready(self) -> None:
        """Raises: NotReady, ShuttingDown."""
        if self._refuse_with:
            raise self._refuse_with

    def submit(self, rows: list[Row]) -> Future[Predictions]:
        """Queue validated rows; the future brings as many predictions, DeadlinePassed or ModelFailed.

        Cancel the future to take the rows back while they wait.
        Raises: NotReady, ShuttingDown, QueueFull.
        """
        self.check_ready()
        with self._admission:
            if (
                self._n_requests >= self._settings.max_queue_requests
                or self._n_rows + len(rows) > self._settings.max_queue_rows
            ):
                raise QueueFull
            self._count(1, len(rows))
        predictions: Future[Predictions] = Future()
        predictions.add_done_callback(lambda _: self._leave(len(rows)))
        self._jobs.put(_Job(rows, monotonic() + self.deadline_s, predictions))
        return predictions

    def deadline_passed(self) -> DeadlinePassed:
        return DeadlinePassed(self._settings.deadline_ms)

    def _leave(self, n_rows: int) -> None:
        with self._admission:
            self._count(-1, -n_rows)

    def _count(self, n_requests: int, n_rows: int) -> None:
        self._n_requests += n_requests
        self._n_rows += n_rows
        self.metrics.queue_requests.set(self._n_requests)
        self.metrics.queue_rows.set(self._n_rows)

    def _run(self) -> None:
        while job := self._jobs.get():
            if not job.predictions.set_running_or_notify_cancel():
                continue
            if job.is_expired:
                job.predictions.set_exception(self.deadline_passed())
                continue
            try:
                job.predictions.set_result(self._predict(job.rows))
            except ModelFailed as failure:
                if job.is_expired:  # nobody waits any more who would log it
                    job.context.run(logger.error, failure.code, exc_info=failure.__cause__)
                job.predictions.set_exception(failure)

    def _predict(self, rows: list[Row]) -> Predictions:
        started = perf_counter()
        try:
            predictions = self.model.predict(rows)
        except BaseException as error:  # the edge of the model's thread: whoever waits is told, and the thread lives on
            self.metrics.model_calls.labels("failed").inc()
            raise ModelFailed from error
        self.metrics.model_calls.labels("ok").inc()
        self.metrics.model_call_seconds.observe(perf_counter() - started)
        self.metrics.model_call_rows.observe(len(rows))
        self.metrics.rows.inc(len(rows))
        return predictions
