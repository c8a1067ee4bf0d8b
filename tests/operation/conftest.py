"""What the tests of operation ask for: a model that obeys, and a gate that holds its calls until a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..estimators import save_puppet
from ..services import BACKENDS
from .gate import Gate

# What it asks is FastAPI's application, without a server.
collect_ignore = [] if "fastapi" in BACKENDS else ["test_application.py"]


@pytest.fixture(scope="session")
def puppet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts") / "puppet"
    save_puppet(folder)
    return folder


@pytest.fixture
def gate(tmp_path: Path, serve: object) -> Iterator[Gate]:  # noqa: ARG001
    """Opened before `serve` ends the services, which answer what they hold."""
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.open()
