"""What is installed, and what it needs of what else is."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MEBIBYTE = 2**20


def needed_by(*requirements: str) -> set[str]:
    """The names of all packages that these need, themselves among them, as it is installed here.

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
    """What their files take; what Python compiles at the first import does not count."""
    return sum(size for name in packages for size in _sizes(distribution(name))) / MEBIBYTE


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras)


def _sizes(package: Distribution) -> Iterator[int]:
    for file in package.files or []:
        path = file.locate()
        if file.suffix != ".pyc" and path.is_file():  # type: ignore[attr-defined]
            yield path.stat().st_size  # type: ignore[attr-defined]
