"""Who keeps one backend deletes the folder of the other, who has a model packages it, and nothing else."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from ..artifacts import package
from ..services import BACKENDS
from .copies import copy_of_repository, environment

# The repeated tests are run less often, and what becomes of a measurement or without a constraint not at all: no model,
# no request, no record and no constraint knows of the other folder.
OF_A_MEASUREMENT = ("compare", "judge", "page")
LEFT_OUT = [f"tests/compare/test_{name}.py" for name in OF_A_MEASUREMENT] + ["tests/serve_*/test_constraints.py"]
FEWER = {
    "ARTIFACTS": "served every_kind",
    "FUZZ_REQUESTS": "300",
    "PYTEST_ADDOPTS": " ".join(f"--ignore-glob={path}" for path in LEFT_OUT),
}
# The other worker has tests of its own.
ONE_WORKER = {"PYTEST_XDIST_AUTO_NUM_WORKERS": "1"}


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("deleted", BACKENDS)
def test_check_and_test_pass_without(deleted, tmp_path):
    copy = copy_of_repository(tmp_path)
    shutil.rmtree(copy / f"serve_{deleted}")
    package("mixed_columns", copy / "artifact")

    for word in ("check", "test"):
        run = subprocess.run(
            ["make", word],
            cwd=copy,
            env=environment(**FEWER, **ONE_WORKER),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert run.returncode == 0, run.stdout[-20_000:]
