"""Where a project comes from, in the words in which `copier update` looks for the next version."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# A URL, `git@host:path`, or an abbreviation like `gh:`; one letter alone is a drive of Windows.
_REMOTE = re.compile(r"[\w+.@-]{2,}:")


@dataclass(frozen=True)
class Origin:
    """A template and its version.

    Attributes:
        source: a path or the URL of a repository.
        commit: as Git describes it; None where the template is not a repository, and a project cannot be updated.
    """

    source: str
    commit: str | None

    def remembered(self) -> dict[str, str]:
        commit = {"_commit": self.commit} if self.commit else {}
        return {**commit, "_src_path": self.source}


def origin_of(template: Path, asked_for: str) -> Origin:
    """The origin of the template in this folder.

    Args:
        asked_for: what the user has named: a path, a URL, of which the folder is a clone, or an abbreviation of one.
    """
    if not _is_repository(template):
        return Origin(asked_for if _REMOTE.match(asked_for) else str(template), commit=None)
    url = _git(template, "config", "--get", "remote.origin.url") if _REMOTE.match(asked_for) else None
    return Origin(url or str(template), _git(template, "describe", "--tags", "--always"))


def _is_repository(folder: Path) -> bool:
    """Whether the folder itself is one, and not only in one."""
    top = _git(folder, "rev-parse", "--show-toplevel")
    return top is not None and Path(top).resolve() == folder.resolve()


def _git(folder: Path, *words: str) -> str | None:
    """What Git answers; None if it refuses or is not installed."""
    try:
        run = subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True)  # noqa: S603, S607
    except FileNotFoundError:
        return None
    return run.stdout.strip() if run.returncode == 0 else None
