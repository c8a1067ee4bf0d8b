"""Processes that the tests start end with them, even if the tests are killed."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock

# Remembers commands from a pipe. When the tests end, the pipe closes, and it runs the remaining commands.
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
    """Run a shell command if this process ends inside the block, for example by SIGKILL."""
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
    """A watcher in its own session, so that signals to the group of the tests do not reach it."""
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
