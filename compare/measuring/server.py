"""Runs a lane as processes on one core: how soon it answers, what it uses, and that nothing of it is left."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EADDRINUSE
from http import HTTPStatus
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from random import sample
from tempfile import TemporaryFile
from time import perf_counter
from typing import IO

from serve_core.backends import ports
from serve_core.environment import ONE_THREAD

from .asking import get, predict
from .plan import Lane

ROOT = Path(__file__).parent.parent.parent
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MOST_TO_START_S = 60.0
MOST_TO_STOP_S = 15.0
POLL_S = 0.005
LISTENS = "0A"  # a state in /proc/net/tcp
ERROR = re.compile(r"error|in use|cannot", re.IGNORECASE)
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# The kernel ends the servers if this process cannot: after `kill -9`, or without memory.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM", "--")

# Below the ports that the kernel gives to clients, which could take one before the lane does.
# Source: ip(7) on ip_local_port_range, which begins at 32,768 by default.
_PORTS = cycle(sample(range(20_000, 30_000), 10_000))

# The same limits as in the services, for every lane.
PINNED = dict.fromkeys(ONE_THREAD, "1")


class LaneError(RuntimeError):
    """A lane could not start; the message is its own."""


@dataclass(frozen=True)
class Cores:
    """The cores of servers and load: the same one if there is no other."""

    server: int
    load: int

    @classmethod
    def available(cls) -> Cores:
        cores = sorted(os.sched_getaffinity(0))
        return cls(server=cores[-1], load=cores[0])

    @property
    def all(self) -> frozenset[int]:
        return frozenset({self.server, self.load})

    @property
    def n(self) -> int:
        """The number of cores."""
        return len(self.all)


@contextmanager
def on_cores(*cores: int) -> Iterator[None]:
    """Runs this thread, and the processes that it starts meanwhile, on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True)
class Server:
    """
    Attributes:
        cold_start_s: from the start of the process to the first prediction.
    """

    process: subprocess.Popen[bytes]
    port: int
    cold_start_s: float
    log: IO[bytes]

    def death(self) -> str | None:
        """How the lane died; None while it lives."""
        code = self.process.poll()
        return None if code is None else f"its exit code was {code}, and its last line: {_last_line(self.log)}"

    def cpu_s(self) -> float:
        """The CPU time of all processes of the lane so far, including ended ones, by the kernel's accounting."""
        # After the name in brackets: ticks of the process and of its dead children, in user and kernel mode.
        stats = [_read(folder / "stat").rpartition(")")[2].split()[11:15] for folder in self._processes()]
        return sum(int(ticks) for of_process in stats for ticks in of_process) / TICKS_PER_S

    def memory_mib(self) -> float:
        """The memory of its processes now; shared pages count in part (PSS)."""
        return self._memory_mib("Pss")

    def anonymous_mib(self) -> float:
        """The part of it that belongs to no file: if it grows, the service has grown.

        Pages of a library are shared with other processes, and count for more when these have ended.
        """
        return self._memory_mib("Pss_Anon")

    def forget_peak(self) -> None:
        """Resets the peak of its processes to their current memory.

        Source: proc(5), on /proc/pid/clear_refs.
        """
        for folder in self._processes():
            with suppress(FileNotFoundError, ProcessLookupError):
                (folder / "clear_refs").write_text("5")

    def peak_mib(self) -> float:
        """The sum of the peaks of its processes; pages that they share count for each."""
        held = [
            re.search(r"^VmHWM:\s+(\d+) kB", _read(folder / "status"), re.MULTILINE) for folder in self._processes()
        ]
        return sum(int(found[1]) for found in held if found) / 1024

    def _memory_mib(self, kind: str) -> float:
        line = re.compile(rf"^{kind}: +(\d+) kB", re.MULTILINE)
        held = [line.search(_read(folder / "smaps_rollup")) for folder in self._processes()]
        return sum(int(found[1]) for found in held if found) / 1024

    def runtime(self) -> str:
        """The runtime of the model, as the service reports it."""
        return str(json.loads(get(self.port, "/model").body)["runtime"]["name"])

    def n_threads(self) -> int:
        return len(self._threads())

    def n_sockets(self) -> int:
        return sum(len(_sockets_of(folder)) for folder in self._processes())

    def n_connections(self) -> dict[int, int]:
        """The number of client connections of each of its processes, by process id."""
        # Column 1 is the local address and port, 3 the state, 9 the inode.
        entries = [line.split() for line in _read(Path("/proc/net/tcp")).splitlines()[1:]]
        of_port = {each[9] for each in entries if int(each[1][-4:], 16) == self.port and each[3] != LISTENS}
        return {int(folder.name): len(of_port & _sockets_of(folder)) for folder in self._processes()}

    def move(self, core: int) -> None:
        """Moves the lane to a core, with all its threads."""
        while strays := [thread for thread in self._threads() if _cores_of(thread) not in (None, {core})]:
            for thread in strays:
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(thread, {core})

    def _threads(self) -> list[int]:
        return [int(thread.name) for folder in self._processes() for thread in _names_in(folder / "task")]

    def _processes(self) -> list[Path]:
        """A lane leads a new session, and its child processes stay in it."""
        folders = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        return [folder for folder in folders if _session_of(int(folder.name)) == self.process.pid]


def exit_through_finally() -> None:
    """Turns signals into an exception, so that this process stops the servers that it has started."""
    for each in STOPPING:
        if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN:  # ignored on purpose, by nohup
            signal.signal(each, lambda signum, _: sys.exit(128 + signum))


def missing(lane: Lane) -> str | None:
    """A sentence about what the lane needs and what is not installed; None if nothing is missing."""
    if lane.command and not shutil.which(ENDS_WITH_US[0]):
        return f"The program {ENDS_WITH_US[0]} of util-linux is not installed."
    if lane.backend and lane.backend not in ports():
        return f"serve_{lane.backend}/ does not exist."
    if lane.program and not shutil.which(lane.program):
        return f"The program {lane.program} is not installed."
    packages = [package for package in lane.packages if not find_spec(package.partition(".")[0])]
    return f"The package {packages[0]} is not installed." if packages else None


@contextmanager
def running(lane: Lane, artifact: Path, payload: bytes, core: int) -> Iterator[Server]:
    """Starts a lane, asks it once, and stops it at the end.

    Raises: LaneError.
    """
    with starting(lane, artifact, core) as start:
        yield start.server(payload)


@dataclass(frozen=True)
class Start:
    """A lane that is starting."""

    process: subprocess.Popen[bytes]
    port: int
    began_s: float
    log: IO[bytes]

    def server(self, payload: bytes) -> Server:
        """The server, once it has answered.

        Raises: LaneError.
        """
        status = _first_status(self.port, payload, self.process)
        if status == HTTPStatus.OK:
            return Server(self.process, self.port, perf_counter() - self.began_s, self.log)
        if status:
            raise LaneError(f"its first answer had the status {status}")
        is_slow = self.process.poll() is None
        raise LaneError(f"it gave no answer in {MOST_TO_START_S:g} s" if is_slow else _last_line(self.log))


@contextmanager
def starting(lane: Lane, artifact: Path, core: int) -> Iterator[Start]:
    """Stopped at the end."""
    assert lane.command
    port = _free_port()
    process = None
    with TemporaryFile() as log:
        try:
            began_s = perf_counter()
            with _uninterrupted(), on_cores(core):
                process = subprocess.Popen(
                    [*ENDS_WITH_US, *_interpreter(lane), *shlex.split(lane.command.format(port=port))],
                    cwd=ROOT,
                    env=_environment(lane, artifact, port),
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            yield Start(process, port, began_s, log)
        finally:
            if process:
                _stop(process)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Delays signals: one that came before `Popen` returns would leave the process behind."""
    came: list[int] = []
    handlers = {each: signal.signal(each, lambda signum, _: came.append(signum)) for each in STOPPING}
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
        for signum in came:
            signal.raise_signal(signum)


def _first_status(port: int, payload: bytes, process: subprocess.Popen[bytes]) -> int | None:
    """None if the process ended or is too slow."""
    give_up_s = perf_counter() + MOST_TO_START_S
    while process.poll() is None and perf_counter() < give_up_s:
        if status := predict(port, payload).status:
            return status
        time.sleep(POLL_S)
    return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(MOST_TO_STOP_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the process and any workers that it left behind
        process.wait()


def _last_line(log: IO[bytes]) -> str:
    """The last line about an error, because servers log more after it; without one, the last line."""
    log.seek(0)
    lines = [line.strip() for line in log.read().decode(errors="replace").split("\n") if line.strip()]
    errors = [line for line in lines if ERROR.search(line)]
    return (errors or lines or ["it said nothing"])[-1].rstrip(".")


def _interpreter(lane: Lane) -> list[str]:
    return [lane.program] if lane.program else [sys.executable, "-m"]


def _environment(lane: Lane, artifact: Path, port: int) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SERVE_")}
    # No client needs to know that the lane stops.
    served = {"SERVE_ARTIFACT": str(artifact), "SERVE_PORT": str(port), "SERVE_DRAIN_MS": "0"}
    return inherited | PINNED | served | lane.env


def _free_port() -> int:
    """A different port each time, because a lane binds its port some time after it was told."""
    while True:
        try:
            with socket.create_server(("127.0.0.1", port := next(_PORTS))):
                return port
        except OSError as error:
            if error.errno != EADDRINUSE:
                raise


def _session_of(process: int) -> int | None:
    try:
        return os.getsid(process)
    except ProcessLookupError:  # it has ended meanwhile
        return None


def _cores_of(thread: int) -> set[int] | None:
    """None if the process has ended."""
    try:
        return os.sched_getaffinity(thread)
    except ProcessLookupError:
        return None


def _read(path: Path) -> str:
    """Empty if the process has ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _names_in(folder: Path) -> list[Path]:
    """Empty if the process has ended."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []


def _sockets_of(process: Path) -> set[str]:
    """The inodes of the process's sockets."""
    found = [re.fullmatch(r"socket:\[(\d+)\]", _target(each)) for each in _names_in(process / "fd")]
    return {each[1] for each in found if each}


def _target(link: Path) -> str:
    """Empty if the file has been closed."""
    try:
        return str(link.readlink())
    except (FileNotFoundError, ProcessLookupError):
        return ""
