"""The contract is asked of every artifact: nothing in this folder knows what a model predicts."""

from __future__ import annotations

import os

import pytest

from ..artifacts import OTHERS

ARTIFACTS = os.environ.get("CONTRACT_ARTIFACTS", " ".join(["served", *OTHERS])).split()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "artifact" in metafunc.fixturenames:
        metafunc.parametrize("artifact", ARTIFACTS, indirect=True, scope="session")
