"""A release has an archive for each choice of backends: a project for people without a starter tool."""

from __future__ import annotations

import shutil
import subprocess
import tarfile

import pytest

from ..house.copies import copy_of_repository, environment
from .making import BACKENDS, TOOLS, author, commit, contents, made

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("uvx") is None, reason="uv is not installed"),
]


def test_an_archive_holds_the_project_that_copier_makes_of_the_tag(template, tmp_path):
    upstream = tmp_path / "upstream.git"
    shutil.copytree(template, upstream, ignore=shutil.ignore_patterns(".venv"))
    commit(upstream, tag="1.0.0")
    copy = copy_of_repository(tmp_path)

    make(copy, f"TEMPLATE={upstream.as_uri()}", "VERSION=1.0.0")

    archives = {path.name: path for path in (copy / "dist").iterdir()}
    assert sorted(archives) == sorted(f"my-service-{backend}.tar.gz" for backend in BACKENDS)
    for backend in BACKENDS:
        unpacked = tmp_path / "unpacked" / backend
        with tarfile.open(archives[f"my-service-{backend}.tar.gz"]) as archive:
            archive.extractall(unpacked, filter="data")
        project = made(TOOLS["copier"], tmp_path / backend, upstream.as_uri(), "1.0.0", backend=backend)
        assert contents(unpacked / "my-service") == contents(project)


def test_archives_of_no_tag_are_refused(template):
    run = make(template, "TEMPLATE=https://example.com/twinserve.git", refused=True)

    assert run.stderr.endswith("Name the template: make archives TEMPLATE=https://... VERSION=1.0.0.  Stop.\n")


def make(folder, *words, refused=False):
    run = subprocess.run(
        ["make", "archives", *words], cwd=folder, env=environment(**author()), capture_output=True, text=True
    )
    assert (run.returncode != 0) == refused, run.stderr
    return run
