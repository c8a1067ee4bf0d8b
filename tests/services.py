"""The services as a user starts them: processes of `python -m serve_*`, called over sockets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson

from serve_core.backends import ports

from .leftovers import run_if_killed

ROOT = Path(__file__).parent.parent
PORTS = ports()
BACKENDS = list(PORTS)

# Long enough for a busy machine: only a service that hangs reaches it.
PATIENCE_S = 60.0

T = TypeVar("T")


@dataclass
class Running:
    """A running service.

    Attributes:
        lines: the parsed log lines so far.
    """

    backend: str
    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def port(self) -> int:
        port: int = self.logged("listening")["port"]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def logged(self, event: str, **values: Any) -> dict[str, Any]:
        """Waits for the first line of this event with these values."""

        def found() -> dict[str, Any] | None:
            return next((line for line in self.lines if {"event": event, **values}.items() <= line.items()), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() or self.process.poll() is not None, PATIENCE_S), event
            line = found()
        assert line, f"no {event!r} in {self.lines}"
        return line

    def wait_for_a_line_beyond(self, n_lines: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.lines) > n_lines, PATIENCE_S), self.lines

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kills the service with SIGKILL."""
        os.killpg(self.process.pid, signal.SIGKILL)

    def exit_code(self) -> int:
        return self.process.wait(PATIENCE_S)

    def _read(self) -> None:
        assert self.process.stderr
        for text in self.process.stderr:
            line = orjson.loads(text) if text.startswith("{") else {"event": text.rstrip()}
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()
        self.process.wait()  # standard error ends a moment before the process
        with self._changed:
            self._changed.notify_all()


@contextmanager
def running(
    backend: str, artifact: Path, *, is_recorded: bool = True, ulimit: str | None = None, **settings: Any
) -> Iterator[Running]:
    """Start a service with settings by their field names, and stop it at the end.

    Args:
        is_recorded: whether to record the service's coverage if the tests record theirs; this makes it half as fast.
        ulimit: arguments of the shell's `ulimit` for the service.
    """
    command = [sys.executable, "-m", f"serve_{backend}"]
    process = subprocess.Popen(
        ["sh", "-c", f'ulimit {ulimit} && exec "$@"', "sh", *command] if ulimit else command,
        cwd=ROOT,
        env=environment(artifact, is_recorded=is_recorded, **settings),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    service = Running(backend, process)
    reader = threading.Thread(target=service._read, daemon=True)
    reader.start()
    with run_if_killed(f"kill -KILL -{process.pid}"):
        try:
            httpx.get(f"{service.url}/livez", timeout=PATIENCE_S)  # it listens before it answers
            yield service
        finally:
            try:
                service.terminate()
                service.exit_code()
            except subprocess.TimeoutExpired:
                service.kill()
                service.exit_code()
                raise
            finally:
                reader.join(PATIENCE_S)
                assert process.stderr
                process.stderr.close()


def environment(artifact: Path, *, is_recorded: bool = True, **settings: Any) -> dict[str, str]:
    """The environment of a test's service: a free port, no drain, JSON logs, and the test's settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SERVE_")}
    if not is_recorded:
        inherited.pop("COVERAGE_PROCESS_CONFIG", None)
    settings = {"artifact": artifact, "port": 0, "drain_ms": 0, "log_format": "json"} | settings
    return inherited | {f"SERVE_{name.upper()}": _text(value) for name, value in settings.items()}


def eventually(condition: Callable[[], T]) -> T:
    """The result of the condition as soon as it is true; for states without an event."""
    patience_ends = time.monotonic() + PATIENCE_S
    while not (answer := condition()):
        assert time.monotonic() < patience_ends, "it never came true"
        time.sleep(0.05)
    return answer


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
