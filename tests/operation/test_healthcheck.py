"""The health check of a container: exit code 0 if the service takes predictions, otherwise 1 and the reason."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from ..services import ROOT
from ..watching import watching

LONG_MS = 10 * 60_000


def checked(port: int) -> tuple[int, str]:
    """Its exit code and message."""
    ended = subprocess.run(
        [sys.executable, "-m", "serve_core.healthcheck"],
        cwd=ROOT,
        env=os.environ | {"SERVE_PORT": str(port)},
        capture_output=True,
        text=True,
    )
    return ended.returncode, ended.stderr


def test_passes_until_the_service_drains(serve):
    service = serve(drain_ms=LONG_MS)
    with watching(service) as watch:
        assert checked(service.port) == (0, "")

        service.terminate()
        watch.wait_for_metric("serve_ready_workers", 0)

        exit_code, reason = checked(service.port)
        assert exit_code == 1
        assert reason.startswith("/readyz answered 503: ")
        assert "shutting_down" in reason
    service.kill()


def test_fails_if_nothing_listens():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]

        exit_code, reason = checked(port)

    assert exit_code == 1
    assert reason.startswith(f"/readyz does not answer on 127.0.0.1, port {port}: ")
