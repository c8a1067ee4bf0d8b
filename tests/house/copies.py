"""Copies of the repository that a test may change."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..leftovers import run_if_killed
from ..services import PATIENCE_S, ROOT

MADE = shutil.ignore_patterns(
    ".git", "artifact.toml", ".venv", "__pycache__", ".*_cache", ".hypothesis", ".schemathesis", ".coverage*"
)


def left_out(folder: str, names: list[str]) -> set[str]:
    """Generated files. The artifact is at the root; `model/artifact/` is code."""
    return MADE(folder, names) | ({"artifact"} if Path(folder) == ROOT else set())


def copy_of_repository(folder: Path) -> Path:
    """A fresh clone with the environment of this one."""
    copy = folder / "copy"
    shutil.copytree(ROOT, copy, ignore=left_out)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    return copy


def environment(**more: str) -> dict[str, str]:
    """The environment of a process in a copy, without coverage: it does not run this repository's code."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTEST"))}
    return inherited | more


@contextmanager
def making(copy: Path, *arguments: str) -> Iterator[Iterator[int]]:
    """The ports of the services that `make` starts, in order of start; stopped at the end."""
    process = subprocess.Popen(
        ["make", *arguments],
        cwd=copy,
        env=environment(SERVE_DRAIN_MS="0", SERVE_LOG_FORMAT="json"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with run_if_killed(f"kill -KILL -{process.pid}"):
        try:
            assert process.stderr
            yield (json.loads(line)["port"] for line in process.stderr if '"listening"' in line)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=PATIENCE_S)
