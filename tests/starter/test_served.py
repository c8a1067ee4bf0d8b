"""One command makes a project, one serves it, and the first curl line of its README gets an answer."""

from __future__ import annotations

import json
import re
import subprocess
from uuid import uuid4

import pytest

from ..containers.engine import Project, require
from .making import TOOLS, made

pytestmark = pytest.mark.slow

SERVED = {"both": ["fastapi", "flask"], "fastapi": ["fastapi"], "flask": ["flask"]}


@pytest.fixture(scope="module", autouse=True)
def engine():
    require("no Docker engine answers", "docker", "version")


# Both tools write the same files, so one tool per kind of project is enough.
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("backend", "tool"), [("both", "copier"), ("fastapi", "cookiecutter"), ("flask", "copier")])
def test_docker_compose_up_answers_the_curl_line_of_the_readme(backend, tool, template, tmp_path):
    folder = made(TOOLS[tool], tmp_path / "empty", template, backend=backend)
    project = Project(folder, f"test-{uuid4().hex[:8]}")
    line, *_ = re.findall(r"^curl .*$", (folder / "README.md").read_text(), re.MULTILINE)

    with project.removed_at_the_end():
        project.compose("up", "--build", "--detach", "--wait")
        for index, service in enumerate(SERVED[backend]):
            published = project.compose("port", service, "8000").rpartition(":")[2]
            line = line.replace(f"localhost:{8000 + index}", f"localhost:{published}")
        answered = subprocess.run(["bash", "-c", line], capture_output=True, text=True)

    answers = [json.loads(answer) for answer in answered.stdout.splitlines()]
    assert [answer["predictions"][0]["label"] for answer in answers] == ["Gentoo"] * len(SERVED[backend])
