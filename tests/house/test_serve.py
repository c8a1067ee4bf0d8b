"""`make serve` says why it cannot run the services."""

from __future__ import annotations

import socket
import subprocess

from ..services import ROOT
from .copies import environment


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
