"""The artifacts that tests serve: that of `make serve`, and those of other models."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from .services import ROOT

# Other models by name: each writes its artifact into a folder, and returns what the command printed.
OTHERS: dict[str, Callable[[Path], str]] = {}

# The models of `make test`; `make test-all` asks every one.
FEW = ["served"]

FILES = tempfile.TemporaryDirectory()


def of_every_model(*few: str) -> pytest.MarkDecorator:
    """Run a test for every model: for the few in `make test`, for the others in `make test-all`."""
    names = [pytest.param(name, marks=() if name in few else pytest.mark.slow) for name in ("served", *OTHERS)]
    return pytest.mark.parametrize("artifact", names, indirect=True, scope="session")


def package(name: str, folder: Path) -> None:
    """Package one of `OTHERS`, or "served": the artifact of `make serve`, trained if none is packaged."""
    if name == "served":
        shutil.copytree(_served(), folder)
    else:
        OTHERS[name](folder)


def is_recorded(artifact: Path) -> bool:
    """Whether to record coverage for its services; the services of the other models run the same lines."""
    return artifact.name not in OTHERS or artifact.name in FEW


@cache
def _served() -> Path:
    if (ROOT / "artifact").exists():
        return ROOT / "artifact"
    trained = Path(FILES.name) / "trained"
    subprocess.run([sys.executable, "-m", "model.train", trained], cwd=ROOT, check=True, capture_output=True)
    return trained
