"""SIGTERM: first not ready but still listening, so that a load balancer can turn away; then the server's own stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

from .service import Service


def drain_on_sigterm(service: Service, drain_ms: int) -> None:
    """Put this in front of the handler that the server has installed. Call it in the main thread.

    A second SIGTERM, that of the drain's end or an impatient operator's, goes to the server at once.
    """
    servers_handler = signal.getsignal(signal.SIGTERM)
    begun = threading.Event()

    def drain() -> None:
        begun.wait()
        # Not in the handler: it may have interrupted whoever holds the metric's lock.
        service.metrics.ready_workers.set(0)
        time.sleep(drain_ms / 1000)
        os.kill(os.getpid(), signal.SIGTERM)

    def begin(_signum: int, _frame: FrameType | None) -> None:
        service.begin_shutdown()
        signal.signal(signal.SIGTERM, servers_handler)
        begun.set()

    threading.Thread(target=drain, name="drain", daemon=True).start()
    signal.signal(signal.SIGTERM, begin)
