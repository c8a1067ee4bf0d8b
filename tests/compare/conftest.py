"""Tests of the measurement: an experiment compares two backends, and says so where there is one."""

from ..services import BACKENDS

collect_ignore_glob = ["test_one_backend.py"] if len(BACKENDS) > 1 else ["test_experiments*.py"]
