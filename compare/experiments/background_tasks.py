"""A server stops after it has accepted background tasks: how many are never done?"""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from ..measuring.asking import predict
from ..measuring.plan import Lane
from ..measuring.server import MOST_TO_STOP_S, Cores, running

TASKS = 100
CLIENTS = 20
PAYLOAD = b"{}"
LANE = Lane("tasks", "fastapi", "uvicorn compare.experiments.apps.tasks_fastapi:app --no-access-log --port {port}")


def background_tasks() -> dict[str, float]:
    """How many of a hundred FastAPI tasks are lost when the server is told to stop, and when it is killed."""
    return {
        "tasks": float(TASKS),
        "fastapi_lost_on_stop": float(_lost_on(signal.SIGTERM)),
        "fastapi_lost_on_kill": float(_lost_on(signal.SIGKILL)),
    }


def _lost_on(signum: signal.Signals) -> int:
    """Each task writes a file."""
    with TemporaryDirectory() as folder:
        with running(LANE, Path(folder), PAYLOAD, Cores.available().server) as server:
            with ThreadPoolExecutor(CLIENTS) as clients:
                # The first task was accepted when the server started.
                statuses = [
                    each.status for each in clients.map(lambda _: predict(server.port, PAYLOAD), range(1, TASKS))
                ]
            assert statuses == [200] * (TASKS - 1), statuses
            server.process.send_signal(signum)
            server.process.wait(MOST_TO_STOP_S)
        return TASKS - len(list(Path(folder).iterdir()))
