"""A project, written from the template and the answers: the same files that Copier writes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .origin import Origin, origin_of
from .paths import TWIN, exclusion, sources
from .questions import Form, Refused, read_form

TEMPLATE = Path(__file__).resolve().parent.parent
ANSWERS_FILE = ".copier-answers.yml"


def fill(folder: Path, given: Mapping[str, Any], *, asked_for: str) -> None:
    """Write a project into the folder that Cookiecutter has made, and say what comes next.

    Args:
        given: the answers, among whatever else Cookiecutter knows.
        asked_for: the path, URL or abbreviation that Cookiecutter was given.
    """
    form = read_form(TEMPLATE)
    try:
        answers = form.answers(given)
    except Refused as refusal:  # from a file that Cookiecutter replays
        sys.exit(str(refusal))
    (folder / "EMPTY.md").unlink()
    write_project(TEMPLATE, form, answers, origin_of(TEMPLATE, asked_for), folder)
    sys.stderr.write(form.rendered(form.message, answers))


def write_project(template: Path, form: Form, answers: Mapping[str, Any], origin: Origin, folder: Path) -> None:
    """Write the files of a project into its folder."""
    context = {
        **answers,
        # As Copier calls them.
        "_copier_conf": {"answers_file": ANSWERS_FILE},
        "_copier_answers": {**origin.remembered(), **form.asked(answers)},
    }
    patterns = [line for lines in form.exclude for line in form.rendered(lines, answers).splitlines() if line]
    for source, path in sources(template, exclusion(patterns), lambda text: form.rendered(text, context)):
        written = folder / path
        written.parent.mkdir(parents=True, exist_ok=True)
        if source.name.endswith(TWIN):
            text = form.rendered((template / source).read_text(encoding="utf-8"), context)
            written.write_text(text, encoding="utf-8", newline="\n")
        else:
            shutil.copyfile(template / source, written)
        shutil.copymode(template / source, written)
