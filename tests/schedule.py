"""Assigns tests to workers: those that share a fixture go to one worker, so that it is created once."""

from __future__ import annotations

from typing import Any

import pytest

# Fixtures that several tests share because they take seconds, and the parameters that create another one.
SHARED: dict[str, tuple[str, ...]] = {
    "service": ("artifact",),  # the services of all backends share it
    "project": (),
}


def pytest_itemcollected(item: pytest.Item) -> None:
    assert isinstance(item, pytest.Function)
    parameters: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
    if parameters.get("artifact", "served") != "served":
        item.add_marker(pytest.mark.xdist_group(f"artifact {parameters['artifact']}"))
        return
    for shared in SHARED.keys() & set(item.fixturenames):
        group = " ".join([shared, *(parameters[name] for name in SHARED[shared])])
        item.add_marker(pytest.mark.xdist_group(group))
