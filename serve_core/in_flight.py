"""Which requests a call of the model is made for: kept where a process that outlives this one can read it."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from pathlib import Path

import structlog

from .environment import METRICS_FOLDER

logger = structlog.get_logger("serve.in_flight")

MAX_ID_BYTES = 128  # no longer one is taken from a client


class InFlight:
    """Of this process. Memory that a file shares survives whatever kills the process, and costs no system call."""

    def __init__(self, max_requests: int) -> None:
        n_bytes = max_requests * (MAX_ID_BYTES + 1)
        folder = os.environ.get(METRICS_FOLDER)
        if folder is None:  # nobody has prepared to outlive this process
            self._memory = mmap.mmap(-1, n_bytes)
            return
        with _path(folder, os.getpid()).open("w+b") as file:
            file.truncate(n_bytes)
            self._memory = mmap.mmap(file.fileno(), n_bytes)

    def begin(self, request_ids: Iterable[str]) -> None:
        content = (" ".join(request_ids) + "\n").encode()
        self._memory[: len(content)] = content

    def end(self) -> None:
        self._memory[0] = 0


def say_what_died(pid: int) -> None:
    """Log the requests that the process was predicting when it ended, if it was."""
    path = _path(os.environ[METRICS_FOLDER], pid)
    try:
        request_ids, _, _ = path.read_bytes().partition(b"\n")
    except FileNotFoundError:  # it has not begun to serve
        return
    path.unlink()
    if not request_ids.startswith(b"\0"):
        logger.error("died in a call of the model", pid=pid, request_ids=request_ids.decode().split(" "))


def _path(folder: str, pid: int) -> Path:
    return Path(folder, f"in-flight-{pid}")
