"""`docker compose --profile compare up compare` runs the services in one container and writes the report outside."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from ..services import BACKENDS, ROOT
from .engine import Project, copy_context

SERVICES = "".join(
    f"""
[lanes.{backend}]
kind = "service"
backend = "{backend}"
command = "serve_{backend}"
"""
    for backend in BACKENDS
)
PLAN = f"""
rounds = 1
seconds = 0.3
[workloads.compiled]
model = "given"
about = "A prediction."
turns = 2
{SERVICES}
[[cells]]
workloads = ["compiled"]
lanes = {BACKENDS}
rows = [1]
connections = [4]
"""


@pytest.mark.slow
@pytest.mark.usefixtures("engine")
def test_writes_its_report_into_the_clone(tmp_path: Path):
    project = Project(tmp_path, f"test-{uuid4().hex[:8]}")
    copy_context(tmp_path, *BACKENDS)
    shutil.copytree(ROOT / "compare", tmp_path / "compare", ignore=shutil.ignore_patterns("report"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "compare" / "small.toml").write_text(PLAN)
    options = ["--quick", "--seconds", "0.5", "--without-experiments", "--plan", "compare/small.toml"]
    with project.removed_at_the_end():
        said = project.compose("--profile", "compare", "run", "--build", "--rm", "compare", *options)

        assert said.splitlines()[-1] == "The report: compare/report/index.html"
        record = json.loads((tmp_path / "compare" / "report" / "figures.json").read_bytes())
        assert record["is_complete"]
        assert {cell["lane"] for cell in record["cells"]} == set(BACKENDS)
        assert (tmp_path / "compare" / "report" / "index.html").exists()
