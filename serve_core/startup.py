"""What a service does before it serves: settings, environment, port. What is wrong ends the start in a sentence."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from model.errors import ArtifactError

from .environment import NoMetricsFolder, prepared_environment
from .settings import Settings, SettingsError

logger = structlog.get_logger("serve.startup")

BACKLOG = 2048

# nginx and the load balancers of AWS keep idle connections for 60 s. A request that they are just sending would be lost
# if one were closed here first.
IDLE_S = 75

MAX_DESCRIPTORS = 10_240  # macOS gives a process no more

# A worker that does not answer its supervisor for so long is killed; a call of the model alone does not silence it.
HUNG_WORKER_S = 60


def stop_budget_s(settings: Settings) -> int:
    """How long a worker may take to answer what it took before SIGTERM; whoever still sends then is cut off."""
    return settings.deadline_ms // 1000 + 5


class PortUnusable(OSError):
    """Nothing can listen at the address; the message is a sentence."""


@contextmanager
def started() -> Iterator[Settings]:
    """The settings, in an environment ready for the imports of `server`; what is wrong exits with a sentence and 1.

    SIGTERM ends the start with exit code 0, until the server has a handler of its own. Once the server has ended, no
    signal disturbs the rest.
    """
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


def n_descriptors() -> int:
    """As many as this process may have, up to `MAX_DESCRIPTORS`: who does not ask gets a thousand on most systems."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    n = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft < n:
        resource.setrlimit(resource.RLIMIT_NOFILE, (n, hard))
    return n


def bound_socket(host: str, port: int) -> socket.socket:
    """Raises: PortUnusable where the port is taken, or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, TypeError) as error:  # a TypeError is a name that IDNA cannot encode
        # Python puts the address behind the reason, in its own notation.
        reason = str(getattr(error, "strerror", None) or error).partition(" (while attempting")[0]
        raise PortUnusable(f"Cannot listen on {host}, port {port}: {reason}.") from None
    listener.set_inheritable(True)
    address, bound_port = listener.getsockname()[:2]
    logger.info("listening", host=address, port=bound_port)
    return listener
