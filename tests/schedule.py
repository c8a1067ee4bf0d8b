"""Which worker of `make test` runs which tests, in what order, and what becomes of what they record."""

from __future__ import annotations

from typing import Any

import pytest

# What several tests share because it takes seconds to make, and the parameters that make another one of it.
SHARED = {
    "service": ("artifact",),  # the backends' services have that in common
    "impatient": ("backend",),
    "limited": ("backend",),
    "wide": ("backend",),
    "ports": (),
    "trained_artifact": (),
    "project": (),
    "edge": (),
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests that share something go to one worker, so that it is made once."""
    assert isinstance(item, pytest.Function)
    parameters: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
    if parameters.get("artifact", "served") != "served":
        item.add_marker(pytest.mark.xdist_group(f"artifact {parameters['artifact']}"))
        return
    for shared in SHARED.keys() & set(item.fixturenames):
        group = " ".join([shared, *(parameters[name] for name in SHARED[shared])])
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(trylast=True)  # after pytest has brought together the tests that share parameters
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that are given the most time begin first: at the end no worker is left alone with one of them."""
    items.sort(key=_timeout_s, reverse=True)


def _timeout_s(item: pytest.Item) -> float:
    """Zero where it is the same as for every other test."""
    timeout = item.get_closest_marker("timeout")
    return timeout.args[0] if timeout else 0.0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have recorded is printed, whichever worker ran them."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties if report.when == "call" else ():
            terminalreporter.section(f"{name} of {report.head_line}")
            terminalreporter.write_line(value)
