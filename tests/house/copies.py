"""Copies of the repository, to be changed and tested."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..services import ROOT

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "artifact", "__pycache__", ".*_cache", ".hypothesis", ".schemathesis", ".coverage*"
)


def copy_of_repository(folder: Path) -> Path:
    """What a clone holds, with the environment of this one."""
    copy = folder / "copy"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    return copy
