"""Tests of the measurement, which may be deleted."""

from ..services import BACKENDS, ROOT

collect_ignore_glob = [] if (ROOT / "compare").is_dir() else ["test_*.py"]
collect_ignore = ["test_one_backend.py"] if len(BACKENDS) > 1 else []
