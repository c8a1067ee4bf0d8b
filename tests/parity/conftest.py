"""Tests that compare the two services; the other folders test each service alone."""

from ..services import BACKENDS

collect_ignore_glob = ["test_*.py"] if len(BACKENDS) < 2 else []
