"""Prints how large a project is for each choice: `python -m starter.counts`, with a revision to compare with."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .origin import Origin
from .project import TEMPLATE, write_project
from .questions import read_form

CHOICES = [
    {"backend": backend, "compare": compare} for compare in ("no", "yes") for backend in ("both", "fastapi", "flask")
]


@dataclass(frozen=True)
class Counts:
    """Of a project without its history and its environment; lines are those of Python."""

    files: int
    root_entries: int
    lines_of_source: int
    lines_of_tests: int


def counts_of(template: Path, answers: Mapping[str, str]) -> Counts:
    """The counts of the project that a template makes of these answers."""
    form = read_form(template)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(template, form, form.answers(answers), Origin(str(template), commit=None), folder)
        modules = {path.relative_to(folder): _n_lines(path) for path in folder.rglob("*.py")}
        of_tests = sum(n_lines for path, n_lines in modules.items() if path.parts[0] == "tests")
        return Counts(
            files=sum(path.is_file() for path in folder.rglob("*")),
            root_entries=len(list(folder.iterdir())),
            lines_of_source=sum(modules.values()) - of_tests,
            lines_of_tests=of_tests,
        )


def main(revision: str | None = None) -> None:
    table = Table("backend", "compare", *(name.replace("_", " ") for name in Counts.__dataclass_fields__))
    with tempfile.TemporaryDirectory() as folder:
        if revision:
            _check_out(revision, Path(folder))
        for answers in CHOICES:
            now = counts_of(TEMPLATE, answers)
            then = counts_of(Path(folder), answers) if revision else None
            table.add_row(*answers.values(), *_cells(now, then))
    Console(width=100).print(table)


def _cells(now: Counts, then: Counts | None) -> Iterator[str]:
    for name, count in asdict(now).items():
        yield f"{count:,}" + (f" (was {getattr(then, name):,})" if then else "")


def _check_out(revision: str, folder: Path) -> None:
    """Write the template as it was into a folder."""
    run = subprocess.run(["git", "-C", TEMPLATE, "archive", revision], capture_output=True, check=False)  # noqa: S603, S607
    if run.returncode:
        sys.exit(run.stderr.decode())
    with tarfile.open(fileobj=io.BytesIO(run.stdout)) as archive:
        archive.extractall(folder, filter="data")


def _n_lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
