"""Documents compared by their values, numbers as nearly equal."""

from __future__ import annotations

import pytest


def values_of(document, path=()):
    """What is at the ends of a document, by the way to it."""
    if not isinstance(document, dict | list):
        return {path: document}
    parts = document.items() if isinstance(document, dict) else enumerate(document)
    return {key: value for name, part in parts for key, value in values_of(part, (*path, name)).items()}


def about(values):
    """Equal to these, numbers within 1e-9."""
    return {
        path: pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
        for path, value in values.items()
    }
