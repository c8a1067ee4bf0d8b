"""Tests of this backend alone, which run only if it is here."""

from ..services import BACKENDS

collect_ignore_glob = [] if "flask" in BACKENDS else ["test_*.py"]
