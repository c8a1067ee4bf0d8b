"""If a backend loses one check, the contract tests fail."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .copies import copy_of_repository, environment


def assert_the_contract_fails_without(backend: str, change: tuple[str, str], folder: Path) -> None:
    """
    Args:
        change: a line of the backend's `validation.py`, and the line without the constraint.
        folder: for a copy of the repository.
    """
    line, weakened = change
    copy = copy_of_repository(folder)
    validation = copy / f"serve_{backend}" / "validation.py"
    source = validation.read_text()
    assert line in source
    validation.write_text(source.replace(line, weakened))

    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "tests/contract/test_faults.py",
            "-k",
            f"{backend} and every_kind",
        ],
        cwd=copy,
        env=environment(),
        capture_output=True,
        text=True,
    )

    assert re.search(r"^1 failed(, \d+ passed)?, \d+ deselected in ", run.stdout, re.MULTILINE), run.stdout
