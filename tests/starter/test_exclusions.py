"""The exclusions in copier.yml exist, and Copier and `starter/paths.py` read them alike."""

from __future__ import annotations

import re

from starter.questions import read_form

from ..services import ROOT
from .making import BACKENDS, COMPARE

# Generated files, those of an owner, and Copier's name for Cookiecutter's folder.
NOT_HERE = {
    "/artifact",
    "/artifact.sha256",
    "/model/artifact.toml",
    "/source.env",
    "/compare/report",
    "/__cookiecutter__",
}


def patterns(**answers):
    form = read_form(ROOT)
    return {line for lines in form.exclude for line in form.rendered(lines, form.answers(answers)).splitlines() if line}


EVERY = set().union(*(patterns(backend=backend, compare=compare) for backend in BACKENDS for compare in COMPARE))


def test_every_pattern_is_a_path_from_the_root_or_a_name():
    assert [each for each in EVERY if "**" in each or not re.fullmatch(r"(/[\w.*-]+)+|[\w.*\[\]-]+", each)] == []


def test_every_path_exists_in_the_repository():
    paths = {pattern for pattern in EVERY - NOT_HERE if pattern.startswith("/")}

    assert [path for path in paths if not list(ROOT.glob(path[1:]))] == []


def test_the_patterns_exclude_files_that_git_ignores():
    ignored = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}

    assert {line.lstrip("/") for line in ignored} <= {pattern.lstrip("/") for pattern in patterns()}
