"""gunicorn gthread: an arbiter that loads the model, and as many forked workers as the settings say."""

from __future__ import annotations

import logging
import signal
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

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
from serve_core.settings import Settings
from serve_core.telemetry.logs import configure_logging

from .app import create_app

# Where the model is called in the threads of requests, more threads only fight for the interpreter. While 192 clients
# ask for three times the capacity, /livez takes 140 ms (p99) with 16 threads, 152 with 4 and 279 with 72.
IN_PLACE_THREADS = 16

# A request that waits in the queue holds a thread. These more threads are left for health checks, metrics and refusals.
SPARE_THREADS = 8

# gunicorn's log lines look like all others of the service.
LINES_TO_THE_ROOT_LOGGER = {
    "incremental": True,
    "handlers": {},
    "root": {},
    "loggers": {"gunicorn.error": {"propagate": True}},
}


def serve(settings: Settings) -> None:
    """Serve until SIGTERM. Never returns: the arbiter exits with code 0 when every request is answered."""
    configure_logging(settings)
    logging.getLogger("gunicorn.error").addFilter(without_the_request)
    model = load_model(settings)
    allow_many_connections()
    listener = bound_socket(settings.host, settings.port)
    announce(model)
    service = Service(model, settings)

    def start(_worker: Any) -> None:
        # Ctrl-C: gthread's own handler takes a lock, and hangs if it interrupts the thread that holds it.
        for signum in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(signum, signal.getsignal(signal.SIGTERM))
        service.start()
        drain_on_sigterm(service, settings.drain_ms)

    def close_connections_of_a_drain(_worker: Any, request: Any) -> None:
        if service.is_draining:  # the client then connects to another instance
            # Public, but not in gunicorn's manual, which shows no way to close a connection after an answer.
            request.force_close()

    def stop(_arbiter: Any, _worker: Any) -> None:
        service.stop()

    app = create_app(service, settings)
    # In this process, so that the workers, which are forked from it, share the memory of the model.
    make_collections_rarer()
    gunicorn = Gunicorn(
        app,
        bind=f"fd://{listener.detach()}",
        backlog=BACKLOG,
        workers=settings.workers,
        worker_class="gthread",
        threads=IN_PLACE_THREADS if service.rows_in_place else settings.max_queue_requests + SPARE_THREADS,
        keepalive=IDLE_S,
        preload_app=True,
        post_worker_init=start,
        pre_request=close_connections_of_a_drain,
        worker_exit=stop,
        timeout=HUNG_WORKER_S,
        graceful_timeout=settings.drain_ms // 1000 + stop_budget_s(settings),
        forwarded_allow_ips="",
        control_socket_disable=True,
        errorlog=None,
        logconfig_dict=LINES_TO_THE_ROOT_LOGGER,
    )
    gunicorn.run()


def without_the_request(line: logging.LogRecord) -> bool:
    """Keeps what a client has sent out of gunicorn's lines about requests that it refuses or fails at."""
    for beginning in ("Invalid request", "Error handling request"):
        if str(line.msg).startswith(beginning):
            line.msg, line.args = beginning, ()
    return True


class Gunicorn(BaseApplication):  # type: ignore[misc]
    """gunicorn, embedded as its manual shows: options come from the caller, not from files or the command line."""

    def __init__(self, app: Flask, **options: Any) -> None:
        self.application = app
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.application
