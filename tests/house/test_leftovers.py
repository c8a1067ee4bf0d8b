"""A test run that is killed leaves nothing running."""

from __future__ import annotations

import socket
import subprocess
import sys

from ..services import BACKENDS, ROOT, eventually

SERVING = """
import sys, time
from pathlib import Path
from tests.services import running

with running(sys.argv[1], Path(sys.argv[2])) as service:
    print(service.port, flush=True)
    time.sleep(600)
"""


def test_a_killed_test_run_leaves_no_service_behind(puppet):
    command = [sys.executable, "-c", SERVING, BACKENDS[0], puppet]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        port = int(run.stdout.readline())
        assert listens(port)

        run.kill()

    eventually(lambda: not listens(port))


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
