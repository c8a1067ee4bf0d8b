"""A user's own model in the images, with its own modules, and with packages that `make add` has added."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from uuid import uuid4

import httpx
import pytest

from ..artifacts import OTHERS
from ..house.copies import environment
from ..services import BACKENDS, ROOT
from .engine import asked, command, copy_context, example_of, inside

# A small, pure Python package without dependencies that nothing here needs.
PACKAGE, VERSION = "toolz", "1.0.0"


@pytest.fixture
def image(engine, backend, tmp_path):
    """The image of a clone whose author has packaged a pipeline with an own module."""
    copy_context(tmp_path, backend)
    OTHERS["own_module"](tmp_path / "artifact")
    tag = f"test-{uuid4().hex[:8]}-{backend}"
    command(
        "docker", "build", "--quiet", "--file", "docker/Dockerfile", "--target", backend, "--tag", tag, ".",
        cwd=tmp_path,
    )  # fmt: skip
    yield tag
    engine.images.remove(tag)


@pytest.mark.slow
def test_predicts_with_own_modules_that_the_image_lacks(image, serve, tmp_path):
    golden = json.loads((tmp_path / "artifact/golden.json").read_bytes())
    container = serve(image=image)

    with asked(container) as client:
        names = list(example_of(client)["instances"][0])
        instances = [dict(zip(names, row, strict=True)) for row in golden["rows"]]
        answer = client.post("/predict", json={"instances": instances})

    assert answer.status_code == httpx.codes.OK
    values = [prediction["value"] for prediction in answer.json()["predictions"]]
    assert values == pytest.approx([prediction["value"] for prediction in golden["predictions"]])
    assert inside(container, "from importlib.util import find_spec; print(find_spec('ratios'))") == "None"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
@pytest.mark.usefixtures("engine")  # if images can be built, the package index is reachable
def test_make_add_adds_a_package_to_every_lock_and_changes_nothing_else(tmp_path):
    locks = [f"docker/{image}.lock" for image in ("train", *BACKENDS)]
    others = ["Makefile", "dev.lock"]
    names = ["pyproject.toml", *others, *locks]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for backend in BACKENDS:
        (tmp_path / f"serve_{backend}").mkdir()
    # Only the locks are tested: `true` replaces the installation.
    (tmp_path / ".venv").mkdir()
    installing = ("PYTHON=true", "RUN=true")
    command("make", "lock", *installing, cwd=tmp_path, env=environment())  # drops packages of a deleted backend
    before = {name: (tmp_path / name).read_text() for name in names}

    command("make", "add", f"PACKAGES={PACKAGE}=={VERSION}", *installing, cwd=tmp_path, env=environment())

    after = {name: (tmp_path / name).read_text() for name in names}
    for name in others:
        assert after[name] == before[name]
    for name in locks:
        assert f"{PACKAGE}=={VERSION} \\\n    --hash=sha256:" in after[name]
        assert without(PACKAGE, after[name]) == before[name]
    was, now = (tomllib.loads(each["pyproject.toml"]) for each in (before, after))
    added = [*was["project"].pop("dependencies"), f"{PACKAGE}=={VERSION}"]
    assert sorted(now["project"].pop("dependencies")) == sorted(added)
    assert now == was


def without(package, lock):
    return re.sub(rf"^{package}==.*\n(?:    --hash.*\n)+", "", lock, flags=re.MULTILINE)
