"""A small process that outlives the one that serves: it says what that died of, and is who the operator has started."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType

from .in_flight import say_what_died
from .logs import configure_logging
from .settings import Settings

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def serve_in_a_child(settings: Settings) -> None:
    """Returns in a child process, which serves. The parent waits here, hands signals on, and exits as the child did.

    Call it before the heavy imports: the parent stays as small as it is.
    """
    reading, writing = os.pipe()  # nothing is ever sent: it ends with the parent
    child = os.fork()
    if child == 0:
        os.close(writing)
        end_with_the_parent(reading)
        return

    def hand_on(signum: int, _frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, signum)

    for signum in SIGNALS:
        signal.signal(signum, hand_on)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    configure_logging(settings)
    say_what_died(child)
    exit_code = os.waitstatus_to_exitcode(status)
    # As a shell says it, where the child was killed by a signal.
    sys.exit(exit_code if exit_code >= 0 else 128 - exit_code)


def end_with_the_parent(pipe: int) -> None:
    """As after SIGTERM: who is left behind would keep the port.

    Args:
        pipe: what ends with the parent, to read from.
    """

    def wait() -> None:
        os.read(pipe, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
