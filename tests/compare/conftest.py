"""Tests of the measurement. An experiment compares two backends, and reports if one is missing."""

from ..services import BACKENDS

collect_ignore_glob = ["test_one_backend.py"] if len(BACKENDS) > 1 else ["test_experiments*.py"]
