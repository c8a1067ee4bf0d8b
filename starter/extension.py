"""What Cookiecutter's own templates ask of Python: whether answers can be taken, and where this repository lies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment
from jinja2.ext import Extension

from .questions import Refused, read_form

TEMPLATE = Path(__file__).resolve().parent.parent


class Starter(Extension):
    """Imported by Cookiecutter from this repository (`_extensions` in cookiecutter.json) before it asks anything.

    What Cookiecutter raises where a hook has failed, it prints without a traceback.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # Cookiecutter tells its hooks a path that may be relative to a folder which they do not know.
        environment.globals["template_folder"] = str(TEMPLATE)
        environment.filters["folder_if_all_can_be_taken"] = _folder_if_all_can_be_taken
        self._own = _own_templates()

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """See what Cookiecutter is about to render: an answer from its command line, too, and that must not be run."""
        if source not in self._own:
            form = read_form(TEMPLATE)
            if why := form.rendered(_REFUSES_INSTRUCTIONS, {"text": source}):
                raise FailedHookException(f"{source}: {why}")
        return source


_REFUSES_INSTRUCTIONS = "{% from 'starter/refusals.txt' import of_instructions %}{{ of_instructions(text) }}"


def _own_templates() -> set[str]:
    """All that Cookiecutter may render here."""
    defaults = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8")).values()
    hooks = [path.read_text(encoding="utf-8") for path in (TEMPLATE / "hooks").glob("*.py")]
    folders = [path.name for path in TEMPLATE.iterdir()]
    return {text for text in [*defaults, *hooks, *folders] if isinstance(text, str)}


def _folder_if_all_can_be_taken(answers: Mapping[str, Any]) -> str:
    """The name of the project's folder.

    Raises: FailedHookException, with a sentence, if an answer cannot be taken.
    """
    try:
        slug: str = read_form(TEMPLATE).answers(answers)["project_slug"]
    except Refused as refusal:
        raise FailedHookException(str(refusal)) from None
    return slug
