"""Tests that compare two services: what becomes of one alone is asked by the other folders."""

from ..services import BACKENDS

collect_ignore_glob = ["test_*.py"] if len(BACKENDS) < 2 else []
