"""Tests that ask both services at once."""

from tests.services import BACKENDS

# Random requests are worth asking of one service, too.
collect_ignore = ["test_openapi.py"] if len(BACKENDS) < 2 else []
