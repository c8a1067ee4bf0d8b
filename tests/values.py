"""Compares documents by value, with a tolerance for numbers."""

from __future__ import annotations

import pytest


def values_of(document, path=()):
    """The leaves of a document, by their path."""
    if not isinstance(document, dict | list):
        return {path: document}
    parts = document.items() if isinstance(document, dict) else enumerate(document)
    return {key: value for name, part in parts for key, value in values_of(part, (*path, name)).items()}


def about(values):
    """Equal to these values, numbers within 1e-9."""
    return {
        path: pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
        for path, value in values.items()
    }
