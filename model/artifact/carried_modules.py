"""Import the author's modules from the bytes whose digest was checked, not from the disk again."""

from __future__ import annotations

import io
import sys
import zipfile
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import decode_source, spec_from_loader
from pathlib import Path


def make_importable(archive: bytes, path: Path) -> None:
    """Put the archive in front of every other import path: the packaged module wins over a newer one beside `model/`.

    Args:
        archive: a zip of modules. A folder without `__init__.py` needs an entry of its own.
        path: where the archive is, for tracebacks.
    """
    sys.meta_path.insert(0, _Archive(archive, path))


class _Archive(MetaPathFinder, InspectLoader):
    def __init__(self, archive: bytes, path: Path) -> None:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            self._sources = {name: opened.read(name) for name in opened.namelist()}
        self._path = path

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if not (file := self._file_of(fullname)):
            return None
        return spec_from_loader(fullname, self, origin=str(self._path / file), is_package=self.is_package(fullname))

    def is_package(self, fullname: str) -> bool:
        return not str(self._file_of(fullname)).endswith(f"{fullname.rpartition('.')[2]}.py")

    def get_source(self, fullname: str) -> str:
        if not (file := self._file_of(fullname)):
            raise ImportError(f"{self._path} holds no module {fullname!r}")
        return decode_source(self._sources[file])

    def _file_of(self, fullname: str) -> str | None:
        stem = fullname.replace(".", "/")
        return next((file for file in (f"{stem}/__init__.py", f"{stem}.py", f"{stem}/") if file in self._sources), None)
