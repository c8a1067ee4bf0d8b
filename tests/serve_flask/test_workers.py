"""gunicorn forks its workers from a process that has loaded the model: all of them serve that model."""

from __future__ import annotations

import os
import shutil
import signal

import pytest

from ..estimators import save_puppet
from ..operation.asking import asking
from ..operation.test_workers import both_workers, wait_for_another_worker

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("backend", ["flask"], indirect=True)]


def test_a_restarted_worker_serves_the_same_model(serve, puppet, tmp_path):
    artifact = shutil.copytree(puppet, tmp_path / "artifact")
    service = serve(artifact, workers=2)
    with asking(service) as ask:
        workers = both_workers(ask)
        version = ask.get("/model").json()["version"]
        save_puppet(artifact, version="2")

        os.kill(workers.pop(), signal.SIGKILL)
        wait_for_another_worker(ask, workers)

        assert {ask.get("/model").json()["version"] for _ in range(50)} == {version}
    assert not [line for line in service.lines if "timestamp" not in line]
