"""Which modules a pickle imports, which packages they come from, and which ones are the author's own."""

from __future__ import annotations

import io
import pickle
import sys
import sysconfig
import zipfile
from collections.abc import Iterable
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions
from modulefinder import ModuleFinder
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from ..errors import EstimatorError

INSTALLED = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))

# The images always contain it, even if a project renames the folder.
THIS_PACKAGE = __name__.partition(".")[0]


def modules_of(pickled: bytes) -> tuple[str, ...]:
    """The modules from which unpickling imports names, recorded while unpickling. The caller already trusts the pickle.

    Raises: EstimatorError if a name was defined in `__main__`, which is another module in every process.
    """
    modules: set[str] = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if module == "__main__":
                raise EstimatorError(main_sentence(name))
            modules.add(module)
            return super().find_class(module, name)

    Recorder(io.BytesIO(pickled)).load()
    return tuple(sorted(modules))


def main_sentence(name: str) -> str:
    return (
        f"{name!r} was defined in __main__, a script or a notebook, where nothing else can import it: "
        "move it into a module beside model/, import it from there, and fit again"
    )


def distributions_of(modules: Iterable[str]) -> list[str]:
    """The distributions that installed these modules and the imports of the author's own modules; sorted."""
    modules = list(modules)
    imported = (name for module in modules if is_own(module) for name in _finder_of(module).badmodules)
    packages = {name.partition(".")[0] for name in (*modules, *imported) if not is_own(name)}
    owners = packages_distributions()
    return sorted({owners[package][0] for package in packages & owners.keys()})


def is_own(module: str) -> bool:
    """Whether the module is not installed, not built in, and not part of this package."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None or module.partition(".")[0] == THIS_PACKAGE:
        return False
    return not any(Path(file).resolve().is_relative_to(folder.resolve()) for folder in INSTALLED)


def zip_of_own(modules: Iterable[str]) -> bytes | None:
    """The author's own modules among these, with the own modules that they import, as a zip that Python can import.

    Raises: EstimatorError if one of them is not Python source.
    """
    sources = {path: source for module in modules if is_own(module) for path, source in _sources_of(module).items()}
    if not sources:
        return None
    # Python imports a folder without `__init__.py` only if the archive has an entry for it.
    folders = {f"{folder}/" for path in sources for folder in PurePosixPath(path).parents if folder.name}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path, source in sorted({**sources, **dict.fromkeys(folders, b"")}.items()):
            # Without a date, so that the same modules have the same digest.
            opened.writestr(zipfile.ZipInfo(path), source, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _sources_of(name: str) -> dict[str, bytes]:
    root, finder = _root_of(sys.modules[name]), _finder_of(name)
    files = {Path(found.__file__) for found in finder.modules.values() if found.__file__}  # type: ignore[attr-defined]
    if foreign := sorted(file.name for file in files if file.suffix != ".py"):
        raise EstimatorError(f"your own modules must be Python source; these are not: {', '.join(foreign)}")
    return {file.relative_to(root).as_posix(): file.read_bytes() for file in files}


def _finder_of(name: str) -> ModuleFinder:
    """A finder that has followed the imports: `modules` lie beside this module, `badmodules` are all others."""
    finder = SourceFinder([str(_root_of(sys.modules[name]))], excludes=[THIS_PACKAGE])
    finder.import_hook(name)
    return finder


class SourceFinder(ModuleFinder):
    """A `ModuleFinder` that also handles folders without `__init__.py`, on which the original fails."""

    def import_module(self, partname: str, fqname: str, parent: Any) -> Any:
        path = parent.__path__ if parent else self.path
        spec = PathFinder.find_spec(partname, path) if path and fqname not in self.modules else None
        if spec and spec.origin is None and spec.submodule_search_locations:
            self.add_module(fqname).__path__ = list(spec.submodule_search_locations)  # type: ignore[attr-defined]
        return super().import_module(partname, fqname, parent)


def _root_of(module: ModuleType) -> Path:
    """The folder on `sys.path` from which the module is imported."""
    assert module.__file__
    file = Path(module.__file__).resolve()
    depth = module.__name__.count(".") + (file.name == "__init__.py")
    return file.parents[depth]
