"""The contract holds because each backend checks it: take one check away, and the contract's tests fail."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ..services import BACKENDS
from .copies import copy_of_repository, environment

# Per backend, what is taken away: a line of its `validation.py`, and the line without the constraint.
CONSTRAINTS = {
    "fastapi": {
        "nothing": ("", ""),
        "a bound": ("Field(ge=least, le=most)", "Field(ge=least)"),
        "strictness": ('extra="forbid", strict=True', 'extra="forbid"'),
        "unknown keys": ('extra="forbid", strict=True', "strict=True"),
        "nullability": ("if feature.nullable:", "if True:"),
        "a category": ("Literal.__getitem__(feature.categories) if", "str if"),
    },
    "flask": {
        "nothing": ("", ""),
        "a bound": ("if number > most:", "if False:"),
        "strictness": (
            "if isinstance(value, bool) or not isinstance(value, int | float):",
            "if not isinstance(value, int | float):",
        ),
        "unknown keys": ("if key not in known:", "if key is None:"),
        "nullability": ("if value is None and feature.nullable:", "if value is None:"),
        "a category": ("isinstance(value, str) and value in categories", "isinstance(value, str)"),
    },
}


@pytest.mark.parametrize(
    ("backend_changed", "constraint"), [(backend, name) for backend in BACKENDS for name in CONSTRAINTS[backend]]
)
def test_the_contract_fails_without(backend_changed, constraint, tmp_path):
    line, weakened = CONSTRAINTS[backend_changed][constraint]
    copy = copy_of_repository(tmp_path)
    validation = copy / f"serve_{backend_changed}" / "validation.py"
    source = validation.read_text()
    assert line in source
    validation.write_text(source.replace(line, weakened))

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "tests/contract/test_faults.py", "-k", f"{backend_changed}-every"],
        cwd=copy,
        env=environment(),
        capture_output=True,
        text=True,
    )

    passed, failed = 0, 1
    assert run.returncode == (passed if constraint == "nothing" else failed), run.stdout
