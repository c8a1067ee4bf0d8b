"""Each uvicorn worker loads the model itself, but never another model than its siblings."""

from __future__ import annotations

import os
import shutil
import signal

import pytest

from ..estimators import save_puppet
from ..operation.asking import asking
from ..operation.test_workers import both_workers
from ..services import eventually

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("backend", ["fastapi"], indirect=True)]


def test_a_restarted_worker_with_another_artifact_stops_the_service(serve, puppet, tmp_path):
    artifact = shutil.copytree(puppet, tmp_path / "artifact")
    service = serve(artifact, workers=2)
    with asking(service) as ask:
        workers = both_workers(ask)
        save_puppet(artifact, version="2")

        os.kill(workers.pop(), signal.SIGKILL)

        assert service.exit_code() == 1
    sentences = eventually(lambda: [line["event"] for line in service.lines if "timestamp" not in line])
    assert len(sentences) == 1, sentences
    assert sentences[0].startswith(f"A worker could not start: {artifact}/manifest.json has the SHA-256 ")
    assert sentences[0].endswith(" is pinned")
