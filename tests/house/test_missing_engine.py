"""Without a Docker engine, the container tests are skipped with a reason, or fail if one is required."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ..services import ROOT
from .copies import environment


@pytest.mark.slow
@pytest.mark.parametrize(("required", "exit_code", "outcome"), [("0", 0, "SKIPPED"), ("1", 1, "ERROR")])
def test_reports_a_missing_docker_engine(required, exit_code, outcome):
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/containers/test_compose.py", "-k", "healthy"],
        cwd=ROOT,
        env=environment(DOCKER_HOST="unix:///nonexistent", REQUIRE_DOCKER=required),
        capture_output=True,
        text=True,
    )

    assert run.returncode == exit_code, run.stdout
    assert f"{outcome} " in run.stdout
    assert "no Docker engine answers: Cannot connect to the Docker daemon" in run.stdout
