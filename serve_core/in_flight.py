"""Which requests a call of the model is made for: kept where a process that outlives this one can read it."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import structlog

from .environment import METRICS_FOLDER

logger = structlog.get_logger("serve.in_flight")

MAX_ID_CHARACTERS = 128
SLOT_BYTES = MAX_ID_CHARACTERS + 1


class InFlight:
    """Of this process. Memory that a file shares survives whatever kills the process, and costs no system call.

    Any number of threads may begin and end at once. Where there are more requests than slots, the rest is not kept.
    """

    def __init__(self, n_slots: int) -> None:
        n_bytes = n_slots * SLOT_BYTES
        self._free = [*range(0, n_bytes, SLOT_BYTES)][::-1]
        folder = os.environ.get(METRICS_FOLDER)
        if folder is None:  # nobody has prepared to outlive this process
            self._memory = mmap.mmap(-1, n_bytes)
            return
        with _path(folder, os.getpid()).open("w+b") as file:
            file.truncate(n_bytes)
            self._memory = mmap.mmap(file.fileno(), n_bytes)

    def begin(self, request_ids: Iterable[str]) -> list[int]:
        """Returns: what to end it with."""
        slots: list[int] = []
        with suppress(IndexError):  # no slot is free
            for request_id in request_ids:
                slots.append(self._free.pop())
                content = request_id.encode() + b"\n"
                self._memory[slots[-1] : slots[-1] + len(content)] = content
        return slots

    def end(self, slots: list[int]) -> None:
        for slot in reversed(slots):
            self._memory[slot] = 0
            self._free.append(slot)


def say_what_died(pid: int) -> None:
    """Log the requests that the process was predicting when it ended, if it was."""
    path = _path(os.environ[METRICS_FOLDER], pid)
    try:
        memory = path.read_bytes()
    except FileNotFoundError:  # it has not begun to serve
        return
    path.unlink()
    slots = [memory[start : start + SLOT_BYTES] for start in range(0, len(memory), SLOT_BYTES)]
    if request_ids := [slot.partition(b"\n")[0].decode() for slot in slots if slot[0]]:
        logger.error("died in a call of the model", pid=pid, request_ids=request_ids)


def _path(folder: str, pid: int) -> Path:
    return Path(folder, f"in-flight-{pid}")
