"""The workflows of this repository and of a project are valid, and pin what they run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from starter.origin import Origin
from starter.project import write_project
from starter.questions import read_form

from ..services import ROOT

BACKENDS = {"both": ["fastapi", "flask"], "fastapi": ["fastapi"], "flask": ["flask"]}
PINNED = re.compile(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


@pytest.fixture(scope="module", params=["here", *BACKENDS])
def folder(request, tmp_path_factory):
    """The workflows of this repository, or of a project with these backends."""
    if request.param == "here":
        return ROOT / ".github/workflows"
    project = tmp_path_factory.mktemp("project")
    form = read_form(ROOT)
    write_project(ROOT, form, form.answers({"backend": request.param}), Origin(str(ROOT), commit=None), project)
    return project / ".github/workflows"


@pytest.mark.slow
def test_workflows_follow_their_schema(folder):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]

    checked = subprocess.run([*command, *folder.glob("*.yml")], capture_output=True, text=True)

    assert checked.returncode == 0, checked.stdout


def test_every_action_is_pinned_by_its_commit(folder):
    used = [name for path in folder.glob("*.yml") for name in re.findall(r"\buses: (.*)", path.read_text())]

    assert used
    assert [name for name in used if not PINNED.fullmatch(name)] == []


def test_the_ci_of_a_project_is_short(tmp_path):
    form = read_form(ROOT)
    write_project(ROOT, form, form.answers({}), Origin(str(ROOT), commit=None), tmp_path)
    [job] = yaml.safe_load((tmp_path / ".github/workflows/ci.yml").read_text())["jobs"].values()

    assert "matrix" not in job.get("strategy", {})
    assert job["timeout-minutes"] <= 10
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make check", "make test"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_release_builds_the_image_of_each_backend(backend, tmp_path):
    form = read_form(ROOT)
    write_project(ROOT, form, form.answers({"backend": backend}), Origin(str(ROOT), commit=None), tmp_path)
    jobs = yaml.safe_load((tmp_path / ".github/workflows/release.yml").read_text())["jobs"]
    [find] = [step["run"] for step in jobs["backends"]["steps"] if "run" in step]
    [built] = [
        step["with"] for step in jobs["images"]["steps"] if step.get("uses", "").startswith("docker/build-push-action")
    ]

    said = tmp_path / "said"
    subprocess.run(["bash", "-ec", find], cwd=tmp_path, env=os.environ | {"GITHUB_OUTPUT": str(said)}, check=True)

    name, _, names = said.read_text().partition("=")
    assert (name, sorted(json.loads(names))) == ("names", BACKENDS[backend])
    assert (built["sbom"], built["provenance"]) == (True, "mode=max")
    assert (tmp_path / built["file"]).exists()
