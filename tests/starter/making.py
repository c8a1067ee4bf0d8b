"""Projects, made and updated by Cookiecutter and Copier."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from ..house.copies import environment

BACKENDS = ("both", "fastapi", "flask")
COMPARE = ("yes", "no")

# Makes a project in a folder from a template, an optional version, and answers.
Tool = Callable[..., subprocess.CompletedProcess[str]]


def cookiecutter(
    folder: Path, template: str, version: str | None = None, **answers: str
) -> subprocess.CompletedProcess[str]:
    checkout = ["--checkout", version] if version else []
    given = [f"{name}={answer}" for name, answer in answers.items()]
    return tool(folder, "cookiecutter", "--no-input", *checkout, template, *given)


def copier(folder: Path, template: str, version: str | None = None, **answers: str) -> subprocess.CompletedProcess[str]:
    """Into `project`: Copier takes the folder from the command line, not from the slug."""
    ref = ["--vcs-ref", version] if version else []
    given = [word for name, answer in answers.items() for word in ("--data", f"{name}={answer}")]
    return tool(folder, "copier", "copy", "--defaults", *ref, *given, template, "project")


TOOLS: dict[str, Tool] = {"cookiecutter": cookiecutter, "copier": copier}


def update(project: Path, *more: str) -> None:
    run = tool(project, "copier", "update", "--defaults", *more)
    assert run.returncode == 0, run.stderr


def made(tool: Tool, folder: Path, template: str | Path, version: str | None = None, **answers: str) -> Path:
    """A project in a new folder."""
    folder.mkdir(parents=True)
    run = tool(folder, str(template), version, **answers)
    assert run.returncode == 0, run.stderr
    [project] = folder.iterdir()
    return project


def tool(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a command of a Python package, which keeps its files beside `folder` and ignores this machine's settings."""
    home = folder.parent / f".home of {folder.name}"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-P", "-m", *words],
        input=typed,
        cwd=folder,
        env=environment(**author(), HOME=str(home), USERPROFILE=str(home), NO_COLOR="1"),
        capture_output=True,
        text=True,
    )


def author() -> dict[str, str]:
    """The author of commits in these tests."""
    who = {"NAME": "A. Tester", "EMAIL": "tester@example.com"}
    return {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in who.items()}


def git(folder: Path, *words: str) -> str:
    run = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *words],
        cwd=folder,
        env=environment(**author()),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def commit(folder: Path, *, tag: str | None = None) -> None:
    """Commits everything, in a new repository if there is none."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "As it is")
    if tag:
        git(folder, "tag", tag)


def files(project: Path) -> Iterator[Path]:
    """The files of a project without its history, as relative paths."""
    for path in sorted(project.rglob("*")):
        relative = path.relative_to(project)
        if path.is_file() and relative.parts[0] not in (".git", ".venv"):
            yield relative


def contents(project: Path) -> dict[str, tuple[bytes, bool]]:
    """The bytes of each file, and whether it is executable."""
    return {
        path.as_posix(): ((project / path).read_bytes(), bool((project / path).stat().st_mode & 0o100))
        for path in files(project)
    }
