"""uvicorn: one process that serves, or a supervisor with as many workers as the settings say."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from functools import partial
from multiprocessing import parent_process
from typing import Any

import structlog
from fastapi import FastAPI
from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from model.artifact import Model
from model.errors import ArtifactError
from serve_core.draining import drain_on_sigterm
from serve_core.in_flight import say_what_died
from serve_core.loading import announce, load_model
from serve_core.logs import configure_logging
from serve_core.metrics import Metrics
from serve_core.service import Service
from serve_core.settings import Settings, variable
from serve_core.startup import BACKLOG, HUNG_WORKER_S, IDLE_S, bound_socket, n_descriptors, stop_budget_s
from serve_core.witness import end_with_the_parent

from .app import create_app
from .connections import LimitedProtocol

logger = structlog.get_logger("serve.server")

# uvloop accepts one connection a turn of the loop from each socket that listens. Under load a turn takes tens of
# milliseconds: of a crowd that connects at once the last, or a health check behind it, would wait for seconds.
ACCEPTED_A_TURN = 16


def serve(settings: Settings) -> None:
    """Returns after SIGTERM, when every request is answered."""
    configure_logging(settings)
    model = load_model(settings)
    n_descriptors()  # a connection takes one
    listener = bound_socket(settings.host, settings.port)
    sockets = [listener, *(listener.dup() for _ in range(ACCEPTED_A_TURN - 1))]
    announce(model)
    if settings.workers == 1:
        Server(_config(settings, partial(worker_app, model, settings))).run(sockets)
        return
    # Each worker is a new interpreter and loads its own: the same, whatever the folder holds by then.
    os.environ[variable("artifact_digest")] = model.digest
    del model
    supervisor = Supervisor(_config(settings, f"{__name__}:new_worker_app"), sockets)
    supervisor.run()
    _say_what_died(supervisor.processes)
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        sys.exit(STARTUP_FAILURE)


def new_worker_app() -> FastAPI:
    """The application of a worker that uvicorn has spawned."""
    supervisor = parent_process()
    assert supervisor
    end_with_the_parent(supervisor.sentinel)
    settings = Settings.from_env(os.environ)
    configure_logging(settings)
    try:
        model = load_model(settings)
    except ArtifactError as reason:
        logger.error("a worker could not start", reason=str(reason))
        sys.exit(1)  # and is started again: the code for a failure at the start would end its neighbours, too
    return worker_app(model, settings)


def worker_app(model: Model, settings: Settings) -> FastAPI:
    """Called by uvicorn in the process that serves, after it has installed its signal handlers."""
    service = Service(model, settings, Metrics())
    end = signal.getsignal(signal.SIGTERM)
    assert callable(end)
    # Ctrl-C twice. uvicorn would drop what is in flight at the second, where it has little time left anyway.
    signal.signal(signal.SIGINT, lambda _, frame: end(signal.SIGTERM, frame))
    drain_on_sigterm(service, settings.drain_ms)
    return create_app(service, settings)


class Supervisor(Multiprocess):
    """Learns at once of a worker that dies in a health check, and says which requests it died with.

    uvicorn's own keeps the worker's end of their pipe open, and waits for an answer until the worker counts as hung.
    """

    def keep_subprocess_alive(self) -> None:
        for process in self.processes:
            process.child_conn.close()
        before = list(self.processes)
        super().keep_subprocess_alive()
        _say_what_died(process for process in before if process not in self.processes)


def _say_what_died(processes: Iterable[Process]) -> None:
    for process in processes:
        assert process.pid
        say_what_died(process.pid)


def _config(settings: Settings, app: Any) -> Config:
    return Config(
        app,
        factory=True,
        lifespan="on",
        http=LimitedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_S,
        workers=settings.workers,
        timeout_graceful_shutdown=stop_budget_s(settings),
        timeout_worker_healthcheck=HUNG_WORKER_S,
    )
