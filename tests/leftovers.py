"""What the tests start does not outlive them, even if they are killed and cannot stop it themselves."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock

# Remembers the commands it is told. The pipe ends when the tests do, and then it runs the commands that are left.
WATCHER = """
import json, subprocess, sys

commands = {}
for line in sys.stdin:
    number, command = json.loads(line)
    commands[number] = command
    if command is None:
        del commands[number]
for command in commands.values():
    subprocess.run(command, shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
"""

_numbers = count()
_lock = Lock()
_watchers: list[subprocess.Popen[str]] = []


@contextmanager
def run_if_killed(command: str) -> Iterator[None]:
    """Run a shell command if this process ends inside the block, by a signal that it cannot catch for example."""
    number = next(_numbers)
    _tell_the_watcher(number, command)
    try:
        yield
    finally:
        _tell_the_watcher(number, None)


def _tell_the_watcher(number: int, command: str | None) -> None:
    with _lock:
        if not _watchers:
            _watchers.append(_started_watcher())
        pipe = _watchers[0].stdin
        assert pipe
        pipe.write(json.dumps([number, command]) + "\n")
        pipe.flush()


def _started_watcher() -> subprocess.Popen[str]:
    """In a session of its own, so that a signal to the group of the tests does not reach it."""
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", WATCHER],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    atexit.register(watcher.communicate)
    return watcher
