"""docs/extending.md is true: its code is quoted from tests, its files exist, and its walk-through works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from textwrap import indent

import pytest

from ..house.copies import copy_of_repository, environment
from ..services import BACKENDS, ROOT
from .pages import blocks, section

PAGE = "docs/extending.md"
SOURCES = [path.read_text() for path in (ROOT / "tests" / "extending").glob("*.py")]


@pytest.mark.parametrize(
    "piece", [piece.strip("\n") for block in blocks(PAGE, "python") for piece in block.split("\n\n")]
)
def test_every_quoted_piece_of_code_is_tested(piece):
    quoted = [f"\n{indent(piece, ' ' * width)}\n" for width in (0, 4, 8)]

    assert any(text in source for text in quoted for source in SOURCES)


def test_both_backends_have_the_files_in_the_table():
    named = re.findall(r"\| `(\w+\.py)` \|$", section(PAGE, "Where things are"), re.MULTILINE)

    assert len(named) == 9
    for backend in BACKENDS:
        files = {path.name for path in (ROOT / f"serve_{backend}").glob("*.py")} - {"__init__.py", "__main__.py"}
        # Without those that one backend has, and the place for an owner's code.
        assert files - {"openapi.py", "responses.py", "own.py"} == set(named)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.timeout(900)
def test_the_walk_through_adds_a_field_to_every_backend(tmp_path):
    copy = copy_of_repository(tmp_path)
    for diff in blocks(PAGE, "diff"):
        subprocess.run(["git", "apply", "-"], cwd=copy, input=diff, text=True, check=True)
    tests = ["tests/contract/test_predictions.py", "tests/parity/test_openapi.py"]
    added = "test_is_as_confident_as_its_label_is_probable"

    run = subprocess.run(
        # One model is enough: the field is new to every other one, too.
        [sys.executable, "-m", "pytest", "-q", "-rA", "-k", "served or every_kind", *tests],
        cwd=copy,
        env=environment(),
        capture_output=True,
        text=True,
    )
    house = subprocess.run(["make", "check"], cwd=copy, env=environment(), capture_output=True, text=True)

    assert run.returncode == 0, run.stdout
    for backend in BACKENDS:
        assert re.search(rf"^PASSED \S+{added}\[{backend}-served", run.stdout, re.MULTILINE), run.stdout
    assert house.returncode == 0, house.stdout
