"""Measures how long health checks wait while a server is busy. A separate process sends them at a constant rate.

Each check is sent whether or not the last one was answered, as orchestrators do. A thread would have to wait for the
interpreter of the load generator. `python -m compare.measuring.health PORT` sends checks until its standard input ends.
Then it prints how long each answer took, from the moment when the check was due.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter

from .asking import get

PATH = "/livez"
EVERY_S = 0.05
MOST_AT_ONCE = 200


@dataclass
class Health:
    """
    Attributes:
        waits_ms: of the answers with 200, each from the moment when it was due.
        n_failed: other answers, and checks without an answer.
    """

    waits_ms: list[float] = field(default_factory=list)
    n_failed: int = 0


@contextmanager
def health_asked(port: int) -> Iterator[Health]:
    """Sends checks until the block ends; then the results are filled in."""
    health = Health()
    # A new session, so that Ctrl-C only reaches the process that started this one.
    with subprocess.Popen(
        [sys.executable, "-m", __name__, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield health
        except BaseException:
            process.kill()  # after a stop, do not wait for answers
            raise
        said, _ = process.communicate()
        if said:
            health.waits_ms, health.n_failed = json.loads(said)


def main() -> None:
    port, due_s = int(sys.argv[1]), perf_counter()
    print("ready", flush=True)
    with ThreadPoolExecutor(MOST_AT_ONCE) as asking:
        asked = []
        while not select.select([sys.stdin], [], [], max(0.0, due_s - perf_counter()))[0]:
            asked.append(asking.submit(_wait_ms, port, due_s))
            due_s += EVERY_S
    waits_ms = [each.result() for each in asked]
    healthy_ms = [wait_ms for wait_ms in waits_ms if wait_ms is not None]
    print(json.dumps([healthy_ms, len(waits_ms) - len(healthy_ms)]))


def _wait_ms(port: int, due_s: float) -> float | None:
    """None if the answer was not 200, or if there was none."""
    return (perf_counter() - due_s) * 1000 if get(port, PATH).status == HTTPStatus.OK else None


if __name__ == "__main__":
    main()
