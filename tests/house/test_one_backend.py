"""Who keeps one backend deletes the folder of the other, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.services import BACKENDS

from .copies import copy_of_repository


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("deleted", BACKENDS)
def test_check_and_test_pass_without_a_backend(deleted, tmp_path):
    copy = copy_of_repository(tmp_path)
    shutil.rmtree(copy / f"serve_{deleted}")
    # A tenth of the random requests: what they find does not depend on the other backend's folder.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTEST"))}

    for word in ("check", "test"):
        run = subprocess.run(
            ["make", word],
            cwd=copy,
            env=environment | {"FUZZ_REQUESTS": "1000"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert run.returncode == 0, run.stdout[-20_000:]
