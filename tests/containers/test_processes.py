"""The processes of a container: how they stop, and how a killed one is replaced."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker.models.containers import Container

from ..services import PATIENCE_S, eventually
from . import gated
from .conftest import Start
from .engine import MOUNTED_ARTIFACT, asked, example_of, inside, metric
from .gated import GATE, closed, save_gated

pytestmark = pytest.mark.slow

N_REQUESTS = 16

# Every worker writes its own metrics; process 1 only supervises them.
WORKER_PIDS = """
from pathlib import Path
files = Path("/tmp").glob("serve-metrics-*/gauge_livesum_*.db")
print(*{int(file.stem.rpartition("_")[2]) for file in files} - {1})
"""


@pytest.fixture(scope="session")
def gated_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gated") / "artifact"
    save_gated(folder)
    return folder


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The folder in which a gated model checks whether it may answer."""
    folder = tmp_path / "gate"
    folder.mkdir()
    return folder


@pytest.fixture
def serve_gated(serve: Start, gated_artifact: Path, gate: Path) -> Start:
    """Starts containers that serve the gated model, with a deadline that no test reaches."""
    module = Path("/app", *gated.__name__.split(".")).with_suffix(".py")
    mounts = {gated_artifact: MOUNTED_ARTIFACT, gate: str(GATE), Path(gated.__file__): str(module)}

    def serve_gated(**settings: Any) -> Container:
        return serve(mounts=mounts, artifact=MOUNTED_ARTIFACT, deadline_ms=200_000, **settings)

    return serve_gated


def workers_of(container: Container) -> set[int]:
    return {int(pid) for pid in inside(container, WORKER_PIDS).split()}


def status_of(client: httpx.Client, body: dict[str, Any]) -> int | None:
    """The status, or None without an answer."""
    try:
        return client.post("/predict", json=body).status_code
    except httpx.TransportError:
        return None


def test_answers_every_request_during_a_drain_and_exits_with_0(serve_gated, gate):
    container = serve_gated(drain_ms=4_000)
    with asked(container) as client, ThreadPoolExecutor(N_REQUESTS) as pool:
        body = example_of(client)
        with closed(gate):
            waiting = [pool.submit(status_of, client, body) for _ in range(N_REQUESTS - 1)]
            eventually(lambda: metric(client, "serve_queue_requests") == N_REQUESTS - 1)
            container.kill("SIGTERM")
            eventually(lambda: client.get("/readyz").status_code == 503)
            waiting.append(pool.submit(status_of, client, body))
            eventually(lambda: metric(client, "serve_queue_requests") == N_REQUESTS)

        assert [answer.result() for answer in waiting] == [200] * N_REQUESTS
    assert container.wait(timeout=PATIENCE_S)["StatusCode"] == 0


def test_replaces_a_killed_worker_and_the_other_loses_no_request(serve_gated, gate):
    container = serve_gated(workers=2)
    with asked(container) as client, ThreadPoolExecutor(N_REQUESTS) as pool:
        body = example_of(client)
        eventually(lambda: metric(client, "serve_ready_workers") == 2)
        killed, kept = sorted(workers_of(container))
        with closed(gate):
            waiting: list[Future[int | None]] = []
            while len(waiting) < N_REQUESTS:  # one at a time, so that both workers get some
                waiting.append(pool.submit(status_of, client, body))
                eventually(lambda: metric(client, "serve_queue_requests") == len(waiting))
            inside(container, f"import os, signal; os.kill({killed}, signal.SIGKILL)")
            # A scrape drops the gauges of dead workers: the remaining queue is that of the other worker.
            eventually(lambda: client.get("/metrics").is_success and killed not in workers_of(container))
            n_kept = metric(client, "serve_queue_requests")

        statuses = [answer.result() for answer in waiting]
        print(f"{n_kept:.0f} of {N_REQUESTS} requests were the other worker's")
        assert statuses.count(200) == n_kept
        assert statuses.count(None) == N_REQUESTS - n_kept
        eventually(lambda: metric(client, "serve_ready_workers") == 2)
        assert workers_of(container) > {kept}
