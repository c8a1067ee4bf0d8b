"""gunicorn gthread: an arbiter that has loaded the model, and as many forked workers as the settings say."""

from __future__ import annotations

import gc
import signal
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from serve_core.draining import drain_on_sigterm
from serve_core.in_flight import say_what_died
from serve_core.loading import announce, load_model
from serve_core.logs import configure_logging
from serve_core.metrics import Metrics
from serve_core.service import Service
from serve_core.settings import SPARE_THREADS, Settings
from serve_core.startup import BACKLOG, HUNG_WORKER_S, IDLE_S, bound_socket, stop_budget_s

from .app import create_app
from .connections import AT_ONCE, limited_worker, max_connections

# After its deadline a request is answered, and the client has so long to take the answer.
ANSWER_TAKEN_S = 10


def serve(settings: Settings) -> None:
    """Never returns: the arbiter exits with code 0 after SIGTERM, when every request is answered."""
    configure_logging(settings)
    model = load_model(settings)
    listener = bound_socket(settings.host, settings.port)
    announce(model)
    service = Service(model, settings, Metrics())

    def start(worker: Worker) -> None:
        # Ctrl-C. gthread's own handler takes a lock, and hangs where it has interrupted whoever holds it.
        for signum in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(signum, worker.handle_exit)
        service.start()
        if service.calls_in_place:
            worker.at_once = AT_ONCE
        drain_on_sigterm(service, settings.drain_ms)

    def stop(_arbiter: Any, _worker: Worker) -> None:
        service.stop()

    def died(_arbiter: Any, worker: Worker) -> None:
        say_what_died(worker.pid)

    n_threads = settings.max_queue_requests + SPARE_THREADS
    app = create_app(service, settings)
    # The workers are forked from here, so they share the model's memory: as long as no collection writes to it.
    gc.freeze()
    Gunicorn(
        app,
        bind=f"fd://{listener.detach()}",
        backlog=BACKLOG,
        workers=settings.workers,
        worker_class=limited_worker(settings.read_ms / 1000, answer_s=service.deadline_s + ANSWER_TAKEN_S),
        worker_connections=max_connections(n_threads),
        threads=n_threads,
        keepalive=IDLE_S,
        preload_app=True,
        post_worker_init=start,
        worker_exit=stop,
        child_exit=died,
        timeout=HUNG_WORKER_S,
        graceful_timeout=settings.drain_ms // 1000 + stop_budget_s(settings),
        forwarded_allow_ips="",
        control_socket_disable=True,
        sendfile=False,  # it would overtake the headers that a `Client` holds back
        errorlog=None,
        logger_class=PropagatingLogger,
    ).run()


class Gunicorn(BaseApplication):  # type: ignore[misc]
    """gunicorn as its documentation embeds it: options from the caller, none from files or the command line."""

    def __init__(self, app: Flask, **options: Any) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)
        # gunicorn reads some twenty a request, through a `__getattr__` that Python calls after it has looked in vain.
        # These copies are found at once. `cfg.set` would not change them, and is not called from here on.
        self.cfg.__dict__.update({name: setting.get() for name, setting in self.cfg.settings.items()})

    def load(self) -> Flask:
        return self._app


class PropagatingLogger(Logger):  # type: ignore[misc]
    """Leaves gunicorn's lines to the root logger, so that all of the service's are alike."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.propagate = True

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        # gunicorn repeats what it could not read.
        if msg.startswith("Invalid request from"):
            msg = "Invalid request"
        super().warning(msg, *args, **kwargs)
