"""uvicorn: one process that serves, or a supervisor with as many workers as the settings say."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI
from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from model.artifact import Model
from model.errors import ArtifactError
from serve_core.draining import drain_on_sigterm
from serve_core.loading import announce, load_model
from serve_core.logs import configure_logging
from serve_core.metrics import Metrics
from serve_core.service import Service
from serve_core.settings import Settings, variable
from serve_core.startup import BACKLOG, HUNG_WORKER_S, bound_socket, stop_budget_s

from .app import create_app
from .connections import LimitedProtocol

logger = structlog.get_logger("serve.server")


def serve(settings: Settings) -> None:
    """Returns after SIGTERM, when every request is answered."""
    configure_logging(settings)
    model = load_model(settings)
    sockets = [bound_socket(settings.host, settings.port)]
    announce(model)
    if settings.workers == 1:
        Server(_config(settings, partial(worker_app, model, settings))).run(sockets)
        return
    # Each worker is a new interpreter and loads its own: the same, whatever the folder holds by then.
    os.environ[variable("artifact_digest")] = model.digest
    del model
    supervisor = Supervisor(_config(settings, f"{__name__}:new_worker_app"), sockets)
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        sys.exit(STARTUP_FAILURE)


def new_worker_app() -> FastAPI:
    """The application of a worker that uvicorn has spawned."""
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
    """Learns at once of a worker that dies in a health check.

    uvicorn's own keeps the worker's end of their pipe open, and waits for an answer until the worker counts as hung.
    """

    def keep_subprocess_alive(self) -> None:
        for process in self.processes:
            process.child_conn.close()
        super().keep_subprocess_alive()


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
        workers=settings.workers,
        timeout_graceful_shutdown=stop_budget_s(settings),
        timeout_worker_healthcheck=HUNG_WORKER_S,
    )
