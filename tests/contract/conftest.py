"""The contract is asked of every artifact: nothing in this folder knows what a model predicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.artifacts import OTHERS


@pytest.fixture(scope="session", params=["trained", *OTHERS])
def artifact(request: pytest.FixtureRequest, trained_artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name: str = request.param
    if name == "trained":
        return trained_artifact
    folder = tmp_path_factory.mktemp("artifacts") / name
    OTHERS[name](folder)
    return folder
