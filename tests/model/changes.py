"""Artifacts that a test repackages or damages."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

from model.artifact.files import ESTIMATOR, MANIFEST
from model.artifact.manifest import manifest_from_bytes, sha256


def repackage(folder: Path, **fields: Any) -> None:
    """Change fields of the manifest and update its content digest, so that only the fields can be wrong."""
    path = folder / MANIFEST
    manifest = manifest_from_bytes(path.read_bytes())
    path.write_bytes(replace(manifest, version="1.2", **fields).with_content_digest().to_bytes())


def repackage_file(folder: Path, name: str, content: bytes) -> None:
    """Change a file and its digest in the manifest."""
    files = manifest_from_bytes((folder / MANIFEST).read_bytes()).files
    (folder / name).write_bytes(content)
    repackage(folder, files={**files, name: sha256(content)})


def flip_bit(path: Path, index: int) -> None:
    content = bytearray(path.read_bytes())
    content[index] ^= 1
    path.write_bytes(content)


def leave_mark_when_opened(folder: Path) -> Path:
    """Package a pickle that creates a file when it is opened; return that file."""
    mark = folder.parent / "the pickle was opened"
    repackage_file(folder, ESTIMATOR, pickle.dumps(LeavesMark(mark)))
    return mark


class LeavesMark:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)
