"""Assigns the tests of `make test` to workers, orders them, and prints their records."""

from __future__ import annotations

from typing import Any

import pytest

# Fixtures that several tests share because they take seconds, and the parameters that create another one.
SHARED = {
    "service": ("artifact",),  # the services of both backends share it
    "impatient": ("backend",),
    "limited": ("backend",),
    "wide": ("backend",),
    "ports": (),
    "trained_artifact": (),
    "project": (),
    "edge": (),
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests that share a fixture go to one worker, so that it is created once."""
    assert isinstance(item, pytest.Function)
    parameters: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
    if parameters.get("artifact", "served") != "served":
        item.add_marker(pytest.mark.xdist_group(f"artifact {parameters['artifact']}"))
        return
    for shared in SHARED.keys() & set(item.fixturenames):
        group = " ".join([shared, *(parameters[name] for name in SHARED[shared])])
        item.add_marker(pytest.mark.xdist_group(group))


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
