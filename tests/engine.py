"""What the tests of the engine need besides: other models, one of which obeys, and hooks for long tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from model.packaging import save

from . import other_models  # noqa: F401, which registers them
from .estimators import save_puppet
from .operation.gate import Gate
from .schedule import SHARED
from .services import Running

SHARED.update({"limited": ("backend",), "wide": ("backend",), "ports": (), "trained_artifact": (), "edge": ()})


@pytest.fixture(scope="session")
def puppet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of a model that obeys commands."""
    folder = tmp_path_factory.mktemp("artifacts") / "puppet"
    save_puppet(folder)
    return folder


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """The compiled artifact of a straight line."""
    x = np.arange(6.0).reshape(-1, 1)
    save(LinearRegression().fit(x, 2 * x[:, 0]), x, tmp_path / "line")
    return tmp_path / "line"


@pytest.fixture
def gate(tmp_path: Path, serve: Callable[..., Running]) -> Iterator[Gate]:  # noqa: ARG001
    """Holds the puppet's calls; opened before `serve` stops the services, which then answer."""
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.open()


@pytest.hookimpl(trylast=True)  # after pytest has grouped tests that share parameters
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with the longest timeouts begin first, so that no worker is left alone with one of them at the end."""
    items.sort(key=_timeout_s, reverse=True)


def _timeout_s(item: pytest.Item) -> float:
    """The test's own timeout; zero for the default."""
    timeout = item.get_closest_marker("timeout")
    return timeout.args[0] if timeout else 0.0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what tests have recorded, whichever worker ran them."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties if report.when == "call" else ():
            terminalreporter.section(f"{name} of {report.head_line}")
            terminalreporter.write_line(value)
