"""SIGTERM: /readyz says 503 at once, predictions go on until load balancers have noticed, then the server stops."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

from ..service import Service

# A supervisor may look for signals only twice a second, and passes them on only then.
ECHO_S = 1.0


def drain_on_sigterm(service: Service, drain_ms: int) -> None:
    """Catch SIGTERM in front of the handler that the server has installed. Call it in the main thread.

    During the drain the backend answers with `Connection: close`, so that clients connect to another instance. A second
    SIGTERM, from the end of the drain or from an impatient operator, goes to the server at once. One right after the
    first is an echo: systemd, for example, signals every process of a group, and the parent passes its signal on.
    """
    servers_handler = signal.getsignal(signal.SIGTERM)
    begun, is_over = threading.Event(), threading.Event()

    def drain() -> None:
        begun.wait()
        # Not in the signal handler: it may interrupt a thread that holds the metric's lock.
        service.metrics.ready_workers.set(0)
        time.sleep(drain_ms / 1000)
        is_over.set()
        os.kill(os.getpid(), signal.SIGTERM)

    def begin(_signum: int, _frame: FrameType | None) -> None:
        service.begin_draining()
        began_s = time.monotonic()

        def end(signum: int, frame: FrameType | None) -> None:
            if callable(servers_handler) and (is_over.is_set() or time.monotonic() > began_s + ECHO_S):
                servers_handler(signum, frame)

        signal.signal(signal.SIGTERM, end)
        begun.set()

    threading.Thread(target=drain, name="drain", daemon=True).start()
    signal.signal(signal.SIGTERM, begin)
