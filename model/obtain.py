"""Put the artifact of this project in place: `python -m model.obtain`.

It stays if it is the one that `model/artifact.toml` names, and is fetched from the source otherwise. If nobody has
chosen a model, the example is trained.

Standard library only: a build runs this before any package is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .atomic_swap import exchange
from .choice import FOLDER, NAME, ROOT, Choice, read_choice
from .errors import NotObtained
from .sources import copy_from, is_in_a_bucket

MANIFEST = "manifest.json"
# The locks of what Python lacks.
TO_TRAIN, TO_FETCH = "docker/train.lock", "model/fetch.lock"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m model.obtain", description="Put the artifact in place.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path(FOLDER.name), help="the artifact (%(default)s)")
    parser.add_argument("--needs", action="store_true", help="only print the lock of the packages that this needs")
    options = parser.parse_args()
    folder: Path = options.folder
    try:
        choice = read_choice()
        if options.needs:
            sys.stdout.write(_lock_for(choice, folder))
        elif choice:
            obtain(choice, folder)
        elif not (folder / MANIFEST).exists():
            command = [sys.executable, "-m", "model.train", str(folder.absolute())]
            sys.exit(subprocess.call(command, cwd=ROOT))  # noqa: S603
    except NotObtained as refusal:
        sys.exit(f"{refusal}.")


def obtain(choice: Choice, folder: Path) -> None:
    """Leave the folder if it is the chosen artifact; otherwise fetch it, and replace the folder in one step.

    Raises: NotObtained. The folder is then as before.
    """
    found = _digest_in(folder)
    if found == choice.digest:
        _check_files(folder)
    elif choice.source:
        _fetch(choice, choice.source.replace("{digest}", choice.digest), folder)
    elif found is None:
        raise NotObtained(
            f"{NAME} names {choice}, but {folder}/ is not here: restore the folder and commit it, or name a source in "
            f"{NAME}, as docs/deploying.md shows"
        )
    else:
        raise NotObtained(
            f"{NAME} names {choice}, but the artifact in {folder}/ is sha256:{found}: commit or restore both together, "
            "or package your model again with --replace"
        )


def _lock_for(choice: Choice | None, folder: Path) -> str:
    """An empty string if nothing has to be installed."""
    found = _digest_in(folder)
    if choice is None:
        return TO_TRAIN if found is None else ""
    return TO_FETCH if found != choice.digest and is_in_a_bucket(choice.source) else ""


def _digest_in(folder: Path) -> str | None:
    try:
        return _sha256(folder / MANIFEST)
    except FileNotFoundError:
        return None


def _check_files(folder: Path) -> None:
    for name, expected in _files_in(folder).items():
        path = folder / name
        if not path.exists():
            raise NotObtained(f"{path} is missing: restore {folder}/ with Git")
        if (found := _sha256(path)) != expected:
            raise NotObtained(
                f"{path} is not the file that was packaged, because its SHA-256 is {found} and not {expected}: restore "
                f"{folder}/ with Git, and run `git lfs pull` if Git LFS keeps it"
            )


def _fetch(choice: Choice, source: str, folder: Path) -> None:
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        fetched = Path(scratch, folder.name)
        fetched.mkdir()
        copy = copy_from(source, Path(scratch))
        copy(MANIFEST, fetched / MANIFEST)
        if (found := _sha256(fetched / MANIFEST)) != choice.digest:
            raise NotObtained(f"{NAME} names {choice}, but the artifact at {source} is sha256:{found}")
        for name, expected in _files_in(fetched).items():
            copy(name, fetched / name)
            if (found := _sha256(fetched / name)) != expected:
                raise NotObtained(f"{name} at {source} is sha256:{found}, but its manifest says {expected}")
        if folder.exists():
            exchange(fetched, folder)
        else:
            fetched.rename(folder)


def _files_in(folder: Path) -> dict[str, str]:
    files: dict[str, str] = json.loads((folder / MANIFEST).read_bytes())["files"]
    return files


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
