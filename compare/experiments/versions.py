"""The metadata of the installed packages."""

from __future__ import annotations

import re
from importlib.metadata import metadata


def python_versions() -> dict[str, float]:
    """The lowest Python 3 that each framework declares: 10 means 3.10."""
    return {f"{name}_least": _least_minor(name) for name in ("fastapi", "flask")}


def _least_minor(package: str) -> float:
    declared = metadata(package)["Requires-Python"]
    found = re.search(r">=\s*3\.(\d+)", declared)
    assert found, f"{package} requires Python {declared}"
    return float(found[1])
