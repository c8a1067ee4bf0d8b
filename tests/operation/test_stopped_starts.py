"""A start that stops before the service serves: a foreign address, a strange pickle, a signal while the model loads."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import pytest

from model.artifact.manifest import manifest_from_bytes, sha256

from ..estimators import LeavesAMark, SlowToLoad, save_puppet
from ..leftovers import run_if_killed
from ..services import PATIENCE_S, ROOT, environment
from .gate import Gate


@pytest.fixture
def broken(puppet: Path, tmp_path: Path) -> Path:
    """An artifact that the test may break."""
    return Path(shutil.copytree(puppet, tmp_path / "broken"))


def repackage(artifact: Path, **fields: Any) -> None:
    """Write a manifest that matches the files as they are now, with changed fields."""
    path = artifact / "manifest.json"
    manifest = manifest_from_bytes(path.read_bytes())
    files = {name: sha256((artifact / name).read_bytes()) for name in manifest.files}
    path.write_bytes(replace(manifest, **{"files": files, "version": "1"} | fields).with_content_digest().to_bytes())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("203.0.113.7", "Cannot assign requested address"),  # RFC 5737: no machine has it
        ("é" * 64, "hostname"),  # longer than a label of a host name may be
    ],
    ids=["another machine's", "no name"],
)
def test_reports_a_foreign_address(refused, host, reason):
    sentence = refused(host=host, port=8000)

    assert sentence.startswith(f"Cannot listen on {host}, port 8000: ")
    assert reason in sentence


@pytest.mark.slow
def test_never_opens_a_pickle_with_a_wrong_digest(refused, broken, tmp_path):
    mark = tmp_path / "mark"
    joblib.dump(LeavesAMark(mark), broken / "model.joblib")

    assert "model.joblib is not the file that was packaged" in refused(broken)
    assert not mark.exists()

    repackage(broken)  # the digest protects: with a matching one, the pickle is opened
    assert "cannot be predicted" in refused(broken)
    assert mark.exists()


def test_sigterm_stops_the_start_while_the_model_loads(backend, tmp_path):
    fifo, temporary, artifact = tmp_path / "gate", tmp_path / "temporary", tmp_path / "artifact"
    temporary.mkdir()
    save_puppet(artifact, SlowToLoad(fifo))
    gate = Gate(fifo)
    with (
        subprocess.Popen(
            [sys.executable, "-m", f"serve_{backend}"],
            cwd=ROOT,
            env=environment(artifact) | {"TMPDIR": str(temporary)},
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        run_if_killed(f"kill -KILL {process.pid}"),
    ):
        try:
            gate.wait_for_call()
            process.terminate()

            _, stderr = process.communicate(timeout=PATIENCE_S)
        finally:
            gate.open()
    assert (process.returncode, stderr) == (0, "")
    assert not list(temporary.iterdir())
