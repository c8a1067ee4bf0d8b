"""Measures the cost of wide and long requests for each service: `python -m tests.cost`.

Prints for each shape of request (instances x features, all numbers, the model a ridge regression on an array) and for
each service: the bytes of the body, the median time that a client waits, the CPU time of the service's processes per
request, and the peak memory of one of them. The services get requests in turn, on one connection each.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import orjson
from sklearn.linear_model import Ridge

from model.packaging import save

from .requests import Connection, Request
from .services import BACKENDS, Running, running

# (instances, features): requests per service.
SHAPES = {(1, 1000): 100, (1000, 1): 100, (100, 100): 100, (1000, 1000): 10}
N_WARM_UP = 2
MAX_BODY_BYTES = 64 * 1024**2
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    print("instances x features | service | body bytes | waiting ms | CPU ms | peak MiB")
    for (n_instances, n_features), n_repeats in SHAPES.items():
        with ExitStack() as opened:
            artifact = Path(opened.enter_context(tempfile.TemporaryDirectory())) / "artifact"
            request = _packaged(artifact, n_instances, n_features)
            services = [
                opened.enter_context(running(backend, artifact, max_body_bytes=MAX_BODY_BYTES)) for backend in BACKENDS
            ]
            connections = [Connection(service.port) for service in services]
            for connection in connections:
                opened.callback(connection.close)
            _ask_in_turn(connections, request, N_WARM_UP)
            cpu_s = [-_cpu_s(service) for service in services]
            waiting_s = _ask_in_turn(connections, request, n_repeats)
            for index, service in enumerate(services):
                cpu_ms = (cpu_s[index] + _cpu_s(service)) / n_repeats * 1000
                print(
                    f"{f'{n_instances} x {n_features}':>20} | {service.backend:7} | {len(request.body):10,} | "
                    f"{median(waiting_s[index]) * 1000:10.1f} | {cpu_ms:6.1f} | {_peak_mib(service):8.0f}",
                    flush=True,
                )


def _packaged(artifact: Path, n_instances: int, n_features: int) -> Request:
    """Writes the artifact; returns a request for it."""
    array = np.random.default_rng(0).normal(size=(max(n_instances, 10), n_features))
    save(Ridge().fit(array, array[:, 0]), array, artifact, array[:, 0])
    names = [f"x{index}" for index in range(n_features)]
    instances = [dict(zip(names, row, strict=True)) for row in array[:n_instances].tolist()]
    return Request(body=orjson.dumps({"instances": instances}))


def _ask_in_turn(connections: list[Connection], request: Request, n_repeats: int) -> list[list[float]]:
    """The seconds until each answer, by connection."""
    waiting_s: list[list[float]] = [[] for _ in connections]
    for _ in range(n_repeats):
        for connection, of_connection in zip(connections, waiting_s, strict=True):
            started = perf_counter()
            answer = connection.ask(request)
            of_connection.append(perf_counter() - started)
            assert answer.status == 200, answer
    return waiting_s


def _cpu_s(service: Running) -> float:
    """The CPU time of all processes of the service so far."""
    # After the name in brackets, the 12th and 13th fields are the ticks in user and kernel mode.
    fields = [(folder / "stat").read_text().rpartition(")")[2].split() for folder in _processes(service)]
    return sum(int(ticks) for of_process in fields for ticks in of_process[11:13]) / TICKS_PER_S


def _peak_mib(service: Running) -> float:
    """The peak memory of the largest process."""
    held = [re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text()) for folder in _processes(service)]
    return max(int(found[1]) for found in held if found) / 1024


def _processes(service: Running) -> list[Path]:
    """The processes of the service: it leads its own session, and its workers stay in it."""
    folders = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [folder for folder in folders if _session_of(folder) == service.process.pid]


def _session_of(process: Path) -> int | None:
    try:
        return os.getsid(int(process.name))
    except ProcessLookupError:  # it has ended
        return None


if __name__ == "__main__":
    main()
