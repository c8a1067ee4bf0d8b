"""A failed start prints one line on standard error and no traceback, and exits with a non-zero code."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
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

Refused = Callable[..., str]

ONE_WORKER_OR_TWO = pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])


@pytest.fixture
def refused(backend: str, puppet: Path) -> Refused:
    """Starts a service that must refuse to start, and returns its message."""

    def start(artifact: Path = puppet, variables: dict[str, str] | None = None, **settings: Any) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", f"serve_{backend}"],
            cwd=ROOT,
            env=environment(artifact, **settings) | (variables or {}),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert ended.returncode > 0
        assert not ended.stdout
        assert ended.stderr.count("\n") == 1, ended.stderr
        return ended.stderr.strip()

    return start


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


def test_names_a_mistyped_setting(refused):
    sentence = refused(variables={"SERVE_PROT": "8001"})

    assert sentence.startswith("SERVE_PROT is not a setting")
    assert "SERVE_PORT" in sentence


@ONE_WORKER_OR_TWO
def test_reports_a_port_in_use(refused, workers):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        assert (
            refused(port=port, workers=workers) == f"Cannot listen on 127.0.0.1, port {port}: Address already in use."
        )


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


def test_reports_an_unwritable_temporary_folder(refused, tmp_path):
    not_a_folder = tmp_path / "file"
    not_a_folder.touch()

    sentence = refused(variables={"TMPDIR": str(not_a_folder)})

    assert str(not_a_folder) in sentence
    assert "TMPDIR" in sentence


@ONE_WORKER_OR_TWO
def test_reports_a_missing_artifact(refused, tmp_path, workers):
    assert f"{tmp_path}/manifest.json cannot be read" in refused(tmp_path, workers=workers)


@ONE_WORKER_OR_TWO
def test_names_a_changed_file(refused, broken, workers):
    pickle = broken / "model.joblib"
    pickle.write_bytes(b"x" + pickle.read_bytes()[1:])

    assert f"{pickle} is not the file that was packaged" in refused(broken, workers=workers)


def test_reports_a_pinned_digest_that_differs(refused, puppet):
    sentence = refused(artifact_digest="0" * 64)

    assert str(puppet / "manifest.json") in sentence
    assert "0" * 64 in sentence


@pytest.mark.slow
def test_never_opens_a_pickle_with_a_wrong_digest(refused, broken, tmp_path):
    mark = tmp_path / "mark"
    joblib.dump(LeavesAMark(mark), broken / "model.joblib")

    assert "model.joblib is not the file that was packaged" in refused(broken)
    assert not mark.exists()

    repackage(broken)  # the digest protects: with a matching one, the pickle is opened
    assert "cannot be predicted" in refused(broken)
    assert mark.exists()


def test_leaves_nothing_in_the_temporary_folder(refused, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    refused(tmp_path, variables={"TMPDIR": str(temporary)})

    assert not list(temporary.iterdir())


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
