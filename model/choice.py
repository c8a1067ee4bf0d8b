"""`model/artifact.toml`, which says which model this project serves. Without it, that is the example.

Standard library only: a build reads it before any package is installed.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .errors import NotObtained

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "artifact"
FILE = Path(__file__).parent / "artifact.toml"
NAME = "model/artifact.toml"

HEADER = """\
# The model that this project serves. Packaging writes this file; you may add a source, as docs/deploying.md shows.
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """The fields of the file.

    Attributes:
        digest: SHA-256 of the artifact's manifest, which names the SHA-256 of all other files.
        source: where a build fetches the artifact if it is not here; "{digest}" in it stands for the digest.
    """

    name: str
    version: str
    digest: str
    source: str | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version} (sha256:{self.digest})"


def read_choice() -> Choice | None:
    """None if nobody has chosen a model. Raises: NotObtained if the file is invalid."""
    try:
        fields = tomllib.loads(FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise NotObtained(f"{NAME} is not TOML: {error}") from None
    for name in ("name", "version", "digest"):
        if name not in fields:
            raise NotObtained(f"{NAME} has no {name}")
    for name, value in fields.items():
        if name not in Choice.__slots__:
            raise NotObtained(f"{NAME} has an unknown field {name!r}")
        if not isinstance(value, str):
            raise NotObtained(f"{name} in {NAME} is not a string")
    if not re.fullmatch("[0-9a-f]{64}", fields["digest"]):
        raise NotObtained(f"the digest in {NAME} is not a SHA-256: 64 lower-case hexadecimal digits")
    return Choice(**fields)


def choose(name: str, version: str, digest: str) -> None:
    """Write the file. An existing source stays."""
    fields = {"name": name, "version": version, "digest": digest}
    try:
        before = read_choice()
    except NotObtained:
        before = None
    if before and before.source:
        fields["source"] = before.source
    lines = [f"{field} = {toml_string(value)}\n" for field, value in fields.items()]
    FILE.write_text(HEADER + "".join(lines), encoding="utf-8", newline="\n")


def choose_the_example() -> None:
    FILE.unlink(missing_ok=True)


def is_of_the_project(folder: Path) -> bool:
    """Whether this is the folder that the file is about."""
    return folder.resolve() == FOLDER.resolve()


def toml_string(text: str) -> str:
    """The text in quotes. TOML lacks one escape of JSON, the surrogate pair."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08X}" for each in quoted)
