"""Added routes answer many clients at once, through a real server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import httpx
import pytest

from ..services import PATIENCE_S, ROOT, eventually

N_CLIENTS, N_REQUESTS = 8, 400


@pytest.fixture(params=["auto", "0"], ids=["called in place", "called in a thread"])
def url(request, backend, served_artifact) -> Iterator[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SERVE_")}
    settings = {"SERVE_ARTIFACT": str(served_artifact), "SERVE_ROWS_IN_PLACE": request.param}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command_line = import_module(f"tests.extending.command_{backend}").COMMAND.format(fd=listener.fileno())
        command = [sys.executable, "-m", *command_line.split()]
        server = subprocess.Popen(command, cwd=ROOT, env=environment | settings, pass_fds=[listener.fileno()])
        try:
            eventually(lambda: httpx.get(f"{url}/readyz", timeout=PATIENCE_S).status_code == 200)
            yield url
        finally:
            server.terminate()
            assert server.wait(PATIENCE_S) in (0, -15)


def test_added_routes_answer_every_request(url, signature):
    body = {"instances": [signature.example] * 3}

    with httpx.Client(base_url=url, timeout=PATIENCE_S) as client, ThreadPoolExecutor(N_CLIENTS) as clients:
        answers = list(
            clients.map(
                lambda number: client.get("/example?times=2") if number % 2 else client.post("/rows", json=body),
                range(N_REQUESTS),
            )
        )

    assert {answer.status_code for answer in answers} == {200}
    assert {len(answer.json()) if isinstance(answer.json(), list) else answer.json() for answer in answers} == {2, 3}
