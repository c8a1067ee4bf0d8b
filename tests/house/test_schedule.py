"""What `make test` promises its tests: whatever several of them share is made once."""

from __future__ import annotations

import subprocess
import sys

from ..services import ROOT
from .copies import environment

TESTS = """
import pytest

@pytest.fixture(scope="session")
def artifact(request):
    return request.param

@pytest.fixture(scope="session")
def service(artifact):
    open(artifact, "x").close()  # which fails where it is there

@pytest.mark.parametrize("number", range(20))
@pytest.mark.parametrize("artifact", ["penguins", "wine"], indirect=True, scope="session")
def test_asks(service, number):
    pass
"""


def test_tests_that_share_a_service_have_the_same_one(tmp_path):
    """With a pytest that pytest-xdist did not know, each worker made one, and nothing said so."""
    (tmp_path / "test_shared.py").write_text(TESTS)
    words = ["-p", "tests.schedule", "-n", "2", "--dist", "loadgroup"]

    run = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stdout + run.stderr
