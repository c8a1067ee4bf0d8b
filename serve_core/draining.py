"""SIGTERM: first not ready but still listening, so that a load balancer can turn away; then the server's own stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

from .service import Service

ECHO_S = 0.5


def drain_on_sigterm(service: Service, drain_ms: int) -> None:
    """Put this in front of the handler that the server has installed. Call it in the main thread.

    A second SIGTERM, that of the drain's end or an impatient operator's, goes to the server at once. One right behind
    the first is an echo: whoever stops a whole group of processes, as systemd does, also tells the parent, which hands
    it on.
    """
    servers_handler = signal.getsignal(signal.SIGTERM)
    begun, is_over = threading.Event(), threading.Event()

    def drain() -> None:
        begun.wait()
        # Not in the handler: it may have interrupted whoever holds the metric's lock.
        service.metrics.ready_workers.set(0)
        time.sleep(drain_ms / 1000)
        is_over.set()
        os.kill(os.getpid(), signal.SIGTERM)

    def begin(_signum: int, _frame: FrameType | None) -> None:
        service.begin_shutdown()
        began_s = time.monotonic()

        def end(signum: int, frame: FrameType | None) -> None:
            if callable(servers_handler) and (is_over.is_set() or time.monotonic() > began_s + ECHO_S):
                servers_handler(signum, frame)

        signal.signal(signal.SIGTERM, end)
        begun.set()

    threading.Thread(target=drain, name="drain", daemon=True).start()
    signal.signal(signal.SIGTERM, begin)
