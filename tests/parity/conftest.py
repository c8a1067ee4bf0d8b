"""Tests that ask both services at once."""

from ..services import BACKENDS

# Random requests are worth asking of one service, too.
collect_ignore = ["test_openapi.py", "test_rows.py"] if len(BACKENDS) < 2 else []
