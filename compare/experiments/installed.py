"""The installed packages and their requirements."""

from __future__ import annotations

from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MEBIBYTE = 2**20


def needed_by(*requirements: str) -> set[str]:
    """The names of these packages and of all that they need, as installed here.

    Raises: PackageNotFoundError.
    """
    found: set[str] = set()
    asked: set[str] = set()
    waiting = [Requirement(each) for each in requirements]
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in asked or not _applies(requirement, {""}):
            continue
        asked.add(str(requirement))
        package = distribution(requirement.name)
        found.add(canonicalize_name(requirement.name))
        extras = {"", *requirement.extras}
        waiting += [each for each in map(Requirement, package.requires or []) if _applies(each, extras)]
    return found


def megabytes(packages: set[str]) -> float:
    """The size of their files, without the files that Python compiles at the first import."""
    return sum(map(_n_bytes, packages)) / MEBIBYTE


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras)


@cache
def _n_bytes(package: str) -> int:
    files = [Path(str(file.locate())) for file in distribution(package).files or [] if file.suffix != ".pyc"]
    return sum(file.stat().st_size for file in files if file.is_file())
