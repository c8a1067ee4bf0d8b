"""In an empty folder: one command makes a project, one serves it, and the command on top of its README is answered."""

from __future__ import annotations

import json
import re
import subprocess
from uuid import uuid4

import pytest

from ..containers.engine import Project, require
from .making import BACKENDS, TOOLS, made

SERVED = {"both": ["fastapi", "flask"], "fastapi": ["fastapi"], "flask": ["flask"]}


@pytest.fixture(scope="module", autouse=True)
def engine():
    require("no Docker engine answers", "docker", "version")


@pytest.fixture
def up():
    """`docker compose up` in a project's folder, until every service is healthy."""
    projects = []

    def up(folder):
        projects.append(project := Project(folder, f"test-{uuid4().hex[:8]}"))
        project.compose("up", "--build", "--detach", "--wait")
        return project

    yield up
    for project in projects:
        project.compose("down", "--rmi", "local")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("tool", TOOLS)
def test_the_command_on_top_of_its_readme_is_answered(tool, backend, template, up, tmp_path):
    made_by_one_command = made(TOOLS[tool], tmp_path / "empty", template, backend=backend)

    project = up(made_by_one_command)

    line, *_ = re.findall(r"^curl .*$", (made_by_one_command / "README.md").read_text(), re.MULTILINE)
    for index, service in enumerate(SERVED[backend]):
        published = project.compose("port", service, "8000").rpartition(":")[2]
        line = line.replace(f"localhost:{8000 + index}", f"localhost:{published}")
    answered = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    answers = [json.loads(answer) for answer in answered.stdout.splitlines()]
    assert [answer["predictions"][0]["label"] for answer in answers] == ["Gentoo"] * len(SERVED[backend])
