"""Tests of the repository as its reader finds it."""

from tests.services import BACKENDS

# Where one backend has been deleted, there is nothing left to delete.
collect_ignore = ["test_one_backend.py"] if len(BACKENDS) < 2 else []
