"""Tests of the measurement, which may be deleted."""

from ..services import BACKENDS, ROOT

# An experiment compares two.
OF_TWO, OF_ONE = "test_experiments*.py", "test_one_backend.py"

collect_ignore_glob = [OF_ONE if len(BACKENDS) > 1 else OF_TWO] if (ROOT / "compare").is_dir() else ["test_*.py"]
