"""`make dev` runs the backend that it is asked for, and runs it again after a change."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import httpx

from ..services import PATIENCE_S
from .copies import copy_of_repository
from .test_readme import environment


def test_a_change_is_served(backend, trained_artifact, tmp_path):
    copy = copy_of_repository(tmp_path)
    process = subprocess.Popen(
        ["make", "dev", f"BACKEND={backend}", f"PORT_{backend}=0", f"ARTIFACT={trained_artifact}"],
        cwd=copy,
        env=environment(SERVE_DRAIN_MS="0", SERVE_LOG_FORMAT="json"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stderr
        listening = (json.loads(line)["port"] for line in process.stderr if '"listening"' in line)
        assert livez(next(listening)) == {"status": "alive"}

        routes = copy / f"serve_{backend}" / "routes.py"
        routes.write_text(routes.read_text().replace("documents.ALIVE", "documents.READY"))

        assert livez(next(listening)) == {"status": "ready"}
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def livez(port):
    return httpx.get(f"http://127.0.0.1:{port}/livez", timeout=PATIENCE_S).json()
