"""Who keeps one backend deletes the folder of the other, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..services import BACKENDS
from .copies import copy_of_repository, environment


def report_without(deleted, folder):
    """What `make check` and `make test` print in a copy in which they fail."""
    copy = copy_of_repository(folder / deleted)
    shutil.rmtree(copy / f"serve_{deleted}")

    for word in ("check", "test"):
        run = subprocess.run(
            ["make", word],
            cwd=copy,
            # A tenth of the random requests: what they find does not depend on the other backend's folder.
            env=environment(FUZZ_REQUESTS="1000"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if run.returncode:
            return run.stdout[-20_000:]
    return ""


@pytest.mark.timeout(3000)
def test_check_and_test_pass_without_either_backend(tmp_path):
    # At the same time: most of it is waiting for services to start and to stop.
    with ThreadPoolExecutor() as copies:
        reports = list(copies.map(lambda deleted: report_without(deleted, tmp_path), BACKENDS))

    for report in reports:
        assert not report, report
