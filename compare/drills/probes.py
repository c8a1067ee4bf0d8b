"""What a health check and a scrape see meanwhile: asked in the background, each on a connection of its own."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from multiprocessing.connection import Connection

from ..asking import Answer, get
from ..figures import percentile
from .site import Check

# In seconds. A scrape adds up the files of all workers, and would take its part of the capacity.
PROBED_EVERY_S = {"/livez": 0.25, "/metrics": 1.0}
MOST_P99_MS = 200.0

Probed = dict[str, list[Answer]]


@contextmanager
def probing(port: int) -> Iterator[Probed]:
    """By path, what was answered until the block ends.

    A process of its own asks: a thread would wait for the interpreter of whoever puts load on the service.
    """
    probed: Probed = {}
    # Forked, it would hold what other threads hold at this moment.
    spawned = multiprocessing.get_context("spawn")
    ours, theirs = spawned.Pipe()
    process = spawned.Process(target=_probe_until_told, args=(port, theirs), daemon=True)
    process.start()
    theirs.close()
    ours.recv()
    try:
        yield probed
    finally:
        ours.send("end")
        probed |= ours.recv()
        process.join()


def _probe_until_told(port: int, other: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to both, and the other one ends this one
    probed: Probed = {path: [] for path in PROBED_EVERY_S}
    other.send("ready")
    with ExitStack() as stack:
        # Each by itself, so that a slow one does not keep the other from being asked.
        for path, answers in probed.items():
            stack.enter_context(repeated(PROBED_EVERY_S[path], partial(_probe, port, path, answers)))
        other.recv()
    other.send(probed)


def checks_of(probed: Probed) -> Iterator[Check]:
    for path, answers in probed.items():
        waits_ms = sorted(asked.took_s * 1000 for asked in answers)
        n_failed = sum(asked.status != HTTPStatus.OK for asked in answers)
        yield Check(f"{path}, not answered with 200", n_failed, at_most=0)
        yield Check(f"{path}, p99 ms", percentile(waits_ms, 0.99), at_most=MOST_P99_MS)


@contextmanager
def repeated(every_s: float, action: Callable[[], None]) -> Iterator[None]:
    """In the background, until the block ends."""
    has_ended = threading.Event()

    def repeat() -> None:
        while not has_ended.wait(every_s):
            action()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join()


def _probe(port: int, path: str, answers: list[Answer]) -> None:
    answers.append(get(port, path))
