"""What the tests of operation ask for: a model that obeys, and a gate that holds its calls until a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from model.packaging import save

from ..estimators import save_puppet
from ..services import BACKENDS
from .gate import Gate

# What they ask is FastAPI's application without a server, and uvloop.
collect_ignore = [] if "fastapi" in BACKENDS else ["test_application.py", "test_accepting.py"]


@pytest.fixture(scope="session")
def puppet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts") / "puppet"
    save_puppet(folder)
    return folder


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """The artifact of a straight line, compiled."""
    x = np.arange(6.0).reshape(-1, 1)
    save(LinearRegression().fit(x, 2 * x[:, 0]), x, tmp_path / "line")
    return tmp_path / "line"


@pytest.fixture
def gate(tmp_path: Path, serve: object) -> Iterator[Gate]:  # noqa: ARG001
    """Opened before `serve` ends the services, which answer what they hold."""
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.open()
