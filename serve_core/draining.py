"""SIGTERM: first not ready but still listening, so that a load balancer can turn away; then the server's own stop."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

from .service import Service


def drain_on_sigterm(service: Service, drain_ms: int) -> None:
    """Put this in front of the handler that the server has installed. Call it in the main thread.

    A second SIGTERM, the timer's or an impatient operator's, goes to the server at once.
    """
    servers_handler = signal.getsignal(signal.SIGTERM)

    def drain(_signum: int, _frame: FrameType | None) -> None:
        service.begin_shutdown()
        signal.signal(signal.SIGTERM, servers_handler)
        timer = threading.Timer(drain_ms / 1000, os.kill, (os.getpid(), signal.SIGTERM))
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, drain)
