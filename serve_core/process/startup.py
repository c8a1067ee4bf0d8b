"""The start-up of a service: settings, environment, port. Any error stops it with a one-line message."""

from __future__ import annotations

import faulthandler
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from model.errors import ArtifactError

from ..environment import NoMetricsFolder, prepared_environment
from ..settings import Settings, SettingsError

logger = structlog.get_logger("serve.startup")

BACKLOG = 2048

# nginx and the load balancers of AWS keep idle connections for 60 s. If we closed one first, a request that they are
# just sending would be lost.
IDLE_S = 75

# The supervisor kills a worker that does not answer for this long. A long model call alone does not stop the answers.
# A supervisor may also take this long to replace a worker that dies while it is being asked.
HUNG_WORKER_S = 30

MAX_DESCRIPTORS = 10_240  # the most that macOS allows

COLLECT_AFTER_OBJECTS = 50_000


def stop_budget_s(settings: Settings) -> int:
    """How long a worker may take to answer its last requests. Clients that are still sending then are cut off."""
    return settings.deadline_ms // 1000 + 5


class PortUnusable(OSError):
    """The service cannot listen on the address; the message is one sentence for the operator."""


@contextmanager
def started() -> Iterator[Settings]:
    """Yield the settings, in an environment that is ready for the import of `server`. Any error exits with code 1.

    SIGTERM stops the start-up with exit code 0, until the server has its own handler. After the server has ended, no
    signal interrupts the clean-up. If native code crashes, standard error shows where.
    """
    faulthandler.enable()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = Settings.from_env(os.environ)
        with prepared_environment():
            yield settings
    except KeyboardInterrupt:
        sys.exit(130)
    except (SettingsError, NoMetricsFolder, PortUnusable, ArtifactError) as reason:
        sys.exit(str(reason))
    finally:
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, signal.SIG_IGN)


def make_collections_rarer() -> None:
    """Call it when everything is loaded, before workers are forked: a collection takes longer than most requests.

    The model and the libraries stay in memory, so no collection has to look at them again. Parsing 2 MiB of small
    arrays triggers so many collections that they take most of its time.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS)


def allow_many_connections() -> None:
    """Raise the limit on file descriptors: most systems allow a process only a thousand unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def bound_socket(host: str, port: int) -> socket.socket:
    """Raises: PortUnusable if the port is in use, or if the address does not belong to this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, TypeError) as error:  # a name that IDNA cannot encode raises a TypeError
        # Python appends the address in its own notation.
        reason = str(getattr(error, "strerror", None) or error).partition(" (while attempting")[0]
        raise PortUnusable(f"Cannot listen on {host}, port {port}: {reason}.") from None
    listener.set_inheritable(True)
    address, bound_port = listener.getsockname()[:2]
    logger.info("listening", host=address, port=bound_port)
    return listener
