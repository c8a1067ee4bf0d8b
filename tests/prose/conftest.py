"""Services that have the model of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from model.artifact import load

from ..services import BACKENDS, PORTS, running
from .pages import blocks


@pytest.fixture(scope="session")
def ports(served_artifact: Path) -> Iterator[dict[int, int]]:
    """The ports of this test for the ports on the pages."""
    if load(served_artifact).manifest.name not in blocks("README.md", "json")[0]:
        pytest.skip("README.md shows another model")
    with ExitStack() as services:
        yield {PORTS[backend]: services.enter_context(running(backend, served_artifact)).port for backend in BACKENDS}
