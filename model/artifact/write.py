"""Write an artifact's folder in one step: all files or none."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from ..atomic_swap import exchange
from ..progress import Progress, silent

WRITTEN_BYTES = 2**24  # between two reports of progress


def write(folder: Path, files: Mapping[str, bytes], progress: Progress = silent) -> None:
    """Write all files or none: into a new folder, which then replaces `folder` in one step."""
    folder = folder.resolve()  # replaces the target of a link, not the link
    fresh = folder.with_name(folder.name + ".new")
    for leftover in (fresh, fresh.with_name(fresh.name + ".aside")):  # left by a writer that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    total = sum(map(len, files.values()))
    done = 0
    for name, content in files.items():
        with (fresh / name).open("wb") as file:
            for start in range(0, len(content), WRITTEN_BYTES):
                progress("writing", done + start, total)
                file.write(content[start : start + WRITTEN_BYTES])
        done += len(content)
    progress("writing", total, total)
    if folder.exists():
        exchange(fresh, folder)
        shutil.rmtree(fresh)
    else:
        fresh.rename(folder)
