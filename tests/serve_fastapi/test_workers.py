"""A worker that is replaced: its workers load for themselves, and the artifact is pinned."""

from __future__ import annotations

import os
import shutil
import signal

import pytest

from ..estimators import save_puppet
from ..operation.asking import asking
from ..operation.test_workers import both_workers

pytestmark = pytest.mark.parametrize("backend", ["fastapi"], indirect=True)


def test_one_that_comes_back_serves_what_the_other_serves_or_nothing(serve, puppet, tmp_path):
    """Whoever replaces the artifact under a running service gets no mixture of two models."""
    artifact = shutil.copytree(puppet, tmp_path / "artifact")
    service = serve(artifact, workers=2)
    with asking(service) as ask:
        workers = both_workers(ask)
        version = ask.get("/model").json()["version"]
        save_puppet(artifact, version="2")

        os.kill(workers.pop(), signal.SIGKILL)
        assert "is pinned" in service.logged("a worker could not start")["reason"]

        assert {ask.get("/model").json()["version"] for _ in range(50)} == {version}
    assert not [line for line in service.lines if "timestamp" not in line]
