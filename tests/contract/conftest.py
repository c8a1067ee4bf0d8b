"""The contract is asked of every artifact: nothing in this folder knows what a model predicts."""

from __future__ import annotations

import pytest

from ..artifacts import asked


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "artifact" in metafunc.fixturenames:
        metafunc.parametrize("artifact", asked(), indirect=True, scope="session")
