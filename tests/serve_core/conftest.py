"""Services in the process of the tests leave it as it was."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(autouse=True)
def _collector_as_it_was():
    """A service that starts makes the garbage collector of its process rarer."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
