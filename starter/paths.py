"""Which of the template's files a project gets, and as what."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

TWIN = ".jinja"

# Whether a project does without the file or folder of this path.
IsExcluded = Callable[[PurePosixPath], bool]


def sources(template: Path, is_excluded: IsExcluded, named: Callable[[str], str]) -> Iterator[tuple[Path, Path]]:
    """Each file that a project gets, and its path there, both relative.

    Args:
        named: renders a path.
    """
    for folder, folders, files in os.walk(template):
        here = Path(folder).relative_to(template)
        folders[:] = sorted(name for name in folders if not is_excluded(_rendered(here / name, named)))
        for name in sorted(files):
            if name + TWIN in files:
                continue
            path = _rendered(here / name.removesuffix(TWIN), named)
            if not is_excluded(path):
                yield here / name, Path(path)


def exclusion(patterns: list[str]) -> IsExcluded:
    """What these patterns name: `/path/from/the/root`, or a name that any file or folder may have; with wildcards.

    It is asked of a folder before what is in it, so that nothing below an excluded one is asked for.
    """

    def matches(path: PurePosixPath, pattern: str) -> bool:
        if not pattern.startswith("/"):
            return fnmatchcase(path.name, pattern)
        parts = pattern[1:].split("/")
        return len(parts) == len(path.parts) and all(map(fnmatchcase, path.parts, parts))

    return lambda path: any(matches(path, pattern) for pattern in patterns)


def _rendered(path: Path, named: Callable[[str], str]) -> PurePosixPath:
    return PurePosixPath(named(path.as_posix()))
