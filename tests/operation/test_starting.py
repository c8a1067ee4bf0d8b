"""A failed start prints one line on standard error and no traceback, and exits with a non-zero code."""

from __future__ import annotations

import shutil
import socket

import pytest

ONE_WORKER_OR_TWO = pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])


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
def test_names_a_changed_file(refused, served_artifact, tmp_path, workers):
    broken = shutil.copytree(served_artifact, tmp_path / "broken")
    pickle = broken / "model.joblib"
    pickle.write_bytes(b"x" + pickle.read_bytes()[1:])

    assert f"{pickle} is not the file that was packaged" in refused(broken, workers=workers)


def test_reports_a_pinned_digest_that_differs(refused, served_artifact):
    sentence = refused(artifact_digest="0" * 64)

    assert str(served_artifact / "manifest.json") in sentence
    assert "0" * 64 in sentence


def test_leaves_nothing_in_the_temporary_folder(refused, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    refused(tmp_path, variables={"TMPDIR": str(temporary)})

    assert not list(temporary.iterdir())
