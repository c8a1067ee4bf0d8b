"""The contents of an image, the artifact that it serves, and the artifacts that it refuses."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest
from docker.models.containers import Container
from sklearn.linear_model import Ridge

from model.artifact.files import MANIFEST
from model.packaging import save

from ..services import PATIENCE_S
from .engine import MOUNTED_ARTIFACT, asked, command, copy_chosen_model, copy_context, inside

BUILD_TOOLS = ["cc", "gcc", "g++", "clang", "tcc", "make"]


@pytest.fixture
def build(engine, backend):
    """Builds the backend's image from a folder, and removes it at the end; its layers stay cached."""
    tag = f"test-{uuid4().hex[:8]}-{backend}"

    def build(folder):
        command(
            "docker", "build", "--quiet", "--file", "docker/Dockerfile", "--target", backend, "--tag", tag, ".",
            cwd=folder,
        )  # fmt: skip
        return tag

    yield build
    engine.images.remove(tag)


@pytest.fixture(scope="session")
def other_artifact(tmp_path_factory):
    """An artifact that no image contains."""
    folder = tmp_path_factory.mktemp("other") / "artifact"
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0]})
    save(Ridge().fit(frame, frame["x"]), frame, folder)
    return folder


def digest_of(artifact: Path) -> str:
    return sha256((artifact / MANIFEST).read_bytes()).hexdigest()


def served_by(container: Container) -> str:
    with asked(container) as client:
        digest: str = client.get("/model").json()["digest"]
    return digest


def test_contains_one_service_and_its_artifact(container, backend):
    names = inside(container, "import os; print(*sorted(os.listdir('/app')))").split()

    assert names == [".venv", "artifact", "artifact.sha256", "model", "serve_core", f"serve_{backend}"]


def test_contains_no_build_tools(container):
    code = f"from shutil import which; print(*(tool for tool in {BUILD_TOOLS} if which(tool)))"

    assert inside(container, code) == ""


def test_runs_in_its_own_environment_without_pip(container):
    code = "import sys; from importlib.util import find_spec; print(sys.prefix, find_spec('pip'))"

    assert inside(container, code) == "/app/.venv None"


@pytest.mark.slow
def test_packages_the_artifact_of_the_build_context(build, serve, backend, other_artifact, tmp_path):
    copy_context(tmp_path, backend)
    shutil.copytree(other_artifact, tmp_path / "artifact")

    assert served_by(serve(image=build(tmp_path))) == digest_of(other_artifact)


@pytest.mark.slow
def test_builds_without_the_other_backends(build, serve, backend, container, tmp_path):
    """If the example is served, the build trains it again and gets the same bytes."""
    copy_context(tmp_path, backend)
    copy_chosen_model(tmp_path)

    assert served_by(serve(image=build(tmp_path))) == served_by(container)


def test_serves_a_mounted_artifact(serve, other_artifact):
    container = serve(mounts={other_artifact: MOUNTED_ARTIFACT}, artifact=MOUNTED_ARTIFACT)

    assert served_by(container) == digest_of(other_artifact)


def test_refuses_another_artifact_in_place_of_its_own(start, other_artifact):
    container = start(mounts={other_artifact: "/app/artifact"})

    assert_refuses(container, "artifact/manifest.json", digest_of(other_artifact))


def test_refuses_an_artifact_that_is_not_pinned(start, container):
    pinned = "0" * 64

    assert_refuses(start(artifact_digest=pinned), "artifact/manifest.json", served_by(container), pinned)


def assert_refuses(container: Container, *words: str) -> None:
    """The container exits with code 1 and logs one line with these words."""
    assert container.wait(timeout=PATIENCE_S)["StatusCode"] == 1
    (sentence,) = container.logs().decode().splitlines()
    assert all(word in sentence for word in words), sentence
