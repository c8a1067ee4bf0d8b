"""uvicorn: one process, or uvicorn's supervisor with as many workers as the settings say."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from model.artifact import Model
from model.errors import ArtifactError
from serve_core.environment import METRICS_FOLDER
from serve_core.process.draining import drain_on_sigterm
from serve_core.process.loading import announce, load_model
from serve_core.process.startup import (
    BACKLOG,
    HUNG_WORKER_S,
    IDLE_S,
    allow_many_connections,
    bound_socket,
    make_collections_rarer,
    stop_budget_s,
)
from serve_core.service import Service
from serve_core.settings import Settings, variable
from serve_core.telemetry.logs import configure_logging

from .app import create_app

# In a turn of the loop, uvloop accepts one connection from each listening socket. Under load a turn takes tens of
# milliseconds: if many clients connect at once, the last one, or a health check behind them, would wait for seconds.
ACCEPTED_A_TURN = 16

# A worker that finds another artifact than the others serve exits with this code. uvicorn's supervisor then stops
# them all, instead of starting it again and again, and exits with code 0; so the worker writes the reason to a file.
STARTUP_FAILURE = 3
FAILED = "failed"


def serve(settings: Settings) -> None:
    """Serve until SIGTERM; returns when every request is answered."""
    configure_logging(settings)
    model = load_model(settings)
    allow_many_connections()
    listener = bound_socket(settings.host, settings.port)
    announce(model)
    options: dict[str, Any] = {
        "factory": True,
        "lifespan": "on",
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "backlog": BACKLOG,
        "timeout_keep_alive": IDLE_S,
        "timeout_graceful_shutdown": stop_budget_s(settings),
    }
    if settings.workers == 1:
        sockets = [listener, *(listener.dup() for _ in range(ACCEPTED_A_TURN - 1))]
        uvicorn.Server(uvicorn.Config(partial(worker_app, model, settings), **options)).run(sockets)
        return
    # Each worker is a new interpreter and loads the model again. It must be the same, even if the folder has changed.
    os.environ[variable("artifact_digest")] = model.digest
    del model
    uvicorn.run(
        f"{__name__}:new_worker_app",
        fd=listener.fileno(),
        workers=settings.workers,
        timeout_worker_healthcheck=HUNG_WORKER_S,
        **options,
    )
    failed = Path(os.environ[METRICS_FOLDER], FAILED)
    if failed.exists():
        sys.exit(failed.read_text())


def new_worker_app() -> FastAPI:
    """The application of a worker that uvicorn spawned."""
    faulthandler.enable()
    _end_with_the_supervisor()
    settings = Settings.from_env(os.environ)
    configure_logging(settings)
    try:
        model = load_model(settings)
    except ArtifactError as reason:
        Path(os.environ[METRICS_FOLDER], FAILED).write_text(f"A worker could not start: {reason}")
        # At once: while a worker shuts down its interpreter it does not answer the supervisor, which then waits.
        os._exit(STARTUP_FAILURE)
    return worker_app(model, settings)


def worker_app(model: Model, settings: Settings) -> FastAPI:
    """uvicorn calls this in the process that serves, after it has installed its signal handlers."""
    make_collections_rarer()
    service = Service(model, settings)
    end = signal.getsignal(signal.SIGTERM)
    assert callable(end)
    # Ctrl-C twice: at the second one uvicorn would drop requests in flight, although they have little time left anyway.
    signal.signal(signal.SIGINT, lambda _, frame: end(signal.SIGTERM, frame))
    drain_on_sigterm(service, settings.drain_ms)
    return create_app(service, settings)


def _end_with_the_supervisor() -> None:
    """If the supervisor dies, stop as after SIGTERM: a worker that is left behind would keep the port."""
    supervisor = parent_process()
    assert supervisor

    def end() -> None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, name="supervisor", daemon=True).start()
