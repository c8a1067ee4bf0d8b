"""One command makes a project, one serves it, and the curl command of its README gets the printed answer."""

from __future__ import annotations

import json
import re
import subprocess
from uuid import uuid4

import pytest

from ..containers.engine import Project, require
from ..prose.examples import shown
from .making import TOOLS, made

pytestmark = pytest.mark.slow

SERVED = {"both": ["fastapi", "flask"], "fastapi": ["fastapi"], "flask": ["flask"]}


@pytest.fixture(scope="module", autouse=True)
def engine():
    require("no Docker engine answers", "docker", "version")


# Both tools write the same files, so one tool per kind of project is enough.
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("backend", "tool"), [("both", "copier"), ("fastapi", "cookiecutter"), ("flask", "copier")])
def test_docker_compose_up_answers_the_curl_command_of_the_readme(backend, tool, template, tmp_path):
    folder = made(TOOLS[tool], tmp_path / "empty", template, backend=backend)
    project = Project(folder, f"test-{uuid4().hex[:8]}")
    readme = (folder / "README.md").read_text()
    [command] = re.findall(r"^```sh\n(curl .*?)^```$", readme, re.DOTALL | re.MULTILINE)
    [printed] = re.findall(r"^```json\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)

    with project.removed_at_the_end():
        project.compose("up", "--build", "--detach", "--wait")
        for index, service in enumerate(SERVED[backend]):
            published = project.compose("port", service, "8000").rpartition(":")[2]
            command = command.replace(f"localhost:{8000 + index}", f"localhost:{published}")
        answered = subprocess.run(["bash", "-c", command], capture_output=True, text=True)

    answers = [shown(json.loads(answer)) for answer in answered.stdout.splitlines()]
    assert answers == [json.loads(printed)] * len(SERVED[backend])
