"""Eight simultaneous calls that sleep: does one wait for the other?"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from flask import Flask

from ..judging.claims import Figure
from ..judging.intervals import LEAST_ROUNDS, interval_of
from ..measuring.asking import predict
from ..measuring.plan import Lane
from ..measuring.server import Cores, running

CALLS = 8
CALL_S = 0.1
COMMAND = f"gunicorn {__name__}:app --no-control-socket --bind 127.0.0.1:{{port}}"
WORKERS = {"sync": COMMAND, "gthread": f"{COMMAND} -k gthread --threads {CALLS}"}

app = Flask(__name__)


@app.post("/predict")
def slow() -> dict[str, str]:
    time.sleep(CALL_S)
    return {"hello": "world"}


def slow_at_once() -> dict[str, Figure]:
    """The time of eight simultaneous calls in calls, `repeats` times: 8 if they queue, 1 if they run side by side."""
    calls_long = {name: _calls_long(command) for name, command in WORKERS.items()}
    found: dict[str, Figure] = {f"{name}_calls_long": interval_of(each) for name, each in calls_long.items()}
    return found | {"repeats": float(min(map(len, calls_long.values())))}


def _calls_long(command: str) -> list[float]:
    lane = Lane("slow", "flask", command)
    with running(lane, Path(), b"{}", Cores.available().server) as server, ThreadPoolExecutor(CALLS) as clients:
        return [_wall_time_s(server.port, clients) / CALL_S for _ in range(LEAST_ROUNDS)]


def _wall_time_s(port: int, clients: ThreadPoolExecutor) -> float:
    started_s = perf_counter()
    statuses = [each.status for each in clients.map(lambda _: predict(port, b"{}"), range(CALLS))]
    took_s = perf_counter() - started_s
    assert statuses == [200] * CALLS, statuses
    return took_s
