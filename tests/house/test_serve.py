"""`make serve` runs the services, or says why it cannot."""

from __future__ import annotations

import socket
import subprocess

import httpx
import pytest

from ..services import BACKENDS, PATIENCE_S, ROOT
from .copies import copy_of_repository, environment, making


@pytest.mark.slow
def test_make_serve_runs_every_service(tmp_path):
    """In a fresh clone with the environment of this one, it trains, serves and stops."""
    with making(copy_of_repository(tmp_path), "serve", "PORT=0") as listening:
        texts = {httpx.get(f"http://127.0.0.1:{next(listening)}/model", timeout=PATIENCE_S).text for _ in BACKENDS}
        assert len(texts) == 1


def test_make_serve_fails_and_names_its_port_option_when_the_port_is_in_use(served_artifact):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = ["make", "serve", f"PORT={port}", f"ARTIFACT={served_artifact}"]

        run = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)

    assert run.returncode != 0
    assert run.stderr.splitlines()[0] == (
        f"Port {port} is in use. Choose another with PORT=, for example: make serve PORT={port + 1000}"
    )


def test_make_serve_fails_when_no_service_can_start(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    command = ["make", "serve", "PORT=0", f"ARTIFACT={tmp_path}"]

    run = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)

    assert run.returncode != 0
    assert f"{tmp_path}/manifest.json is not JSON" in run.stderr
