"""Tests of the repository as its reader finds it."""

from ..services import BACKENDS

# Where there is one backend, no other can be deleted, and README.md is its reader's to rewrite.
collect_ignore = ["test_one_backend.py", "test_readme.py"] if len(BACKENDS) < 2 else []
