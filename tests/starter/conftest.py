"""The template of projects: this repository as it is now."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..house.copies import copy_of_repository


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy without a history, like an unpacked archive, with an environment in it."""
    return copy_of_repository(tmp_path_factory.mktemp("template"))
