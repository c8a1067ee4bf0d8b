"""With only one backend, comparisons report the missing one."""

from __future__ import annotations

import pytest

from compare.experiments import Unavailable
from compare.experiments.registry import EXPERIMENTS


@pytest.mark.parametrize("name", ["validations", "lines", "many_connections"])
def test_names_the_missing_backend(name):
    with pytest.raises(Unavailable, match="serve_"):
        EXPERIMENTS[name]()
