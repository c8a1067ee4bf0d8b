"""The measurement is nobody's dependency: who does not want it deletes `compare/`."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from .copies import copy_of_repository, environment


@pytest.mark.timeout(900)
def test_check_passes_and_every_other_test_is_found(tmp_path):
    copy = copy_of_repository(tmp_path)
    shutil.rmtree(copy / "compare", ignore_errors=True)

    for command in (["make", "check"], [sys.executable, "-m", "pytest", "--collect-only", "-q"]):
        run = subprocess.run(command, cwd=copy, env=environment(), capture_output=True, text=True)

        assert run.returncode == 0, run.stdout + run.stderr
    assert "tests/model/" in run.stdout
    assert "tests/compare/" not in run.stdout
