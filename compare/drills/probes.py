"""Health checks and scrapes in the background, each on a new connection."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from multiprocessing.connection import Connection

from ..judging.figures import percentile
from ..measuring.asking import Answer, get
from .site import Check

# In seconds. A scrape adds up the files of all workers; more scrapes would use up capacity.
PROBED_EVERY_S = {"/livez": 0.25, "/metrics": 1.0}
MOST_P99_MS = 200.0

Probed = dict[str, list[Answer]]


@contextmanager
def probing(port: int) -> Iterator[Probed]:
    """Collects the answers by path until the block ends.

    Another process sends the probes: a thread would wait for the interpreter of the load generator.
    """
    probed: Probed = {}
    # A forked process would inherit the locks that other threads hold at this moment.
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal signals both processes, and the other ends this one
    probed: Probed = {path: [] for path in PROBED_EVERY_S}
    other.send("ready")
    with ExitStack() as stack:
        # In separate threads, so that a slow probe does not delay the other.
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
    """Repeats a call in the background until the block ends."""
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
