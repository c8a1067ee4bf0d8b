"""A service that must refuse to start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..services import PATIENCE_S, ROOT, environment

Refused = Callable[..., str]


@pytest.fixture
def refused(backend: str, served_artifact: Path) -> Refused:
    """Starts a service that must refuse to start, and returns its message."""

    def start(artifact: Path = served_artifact, variables: dict[str, str] | None = None, **settings: Any) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", f"serve_{backend}"],
            cwd=ROOT,
            env=environment(artifact, **settings) | (variables or {}),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert ended.returncode > 0
        assert not ended.stdout
        assert ended.stderr.count("\n") == 1, ended.stderr
        return ended.stderr.strip()

    return start
