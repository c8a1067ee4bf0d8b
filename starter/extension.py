"""What the templates in cookiecutter.json ask of Python: whether answers are accepted, and where this repository is."""

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
    """Cookiecutter imports it from this repository (`_extensions` in cookiecutter.json) before it asks anything.

    FailedHookException is the exception that Cookiecutter prints without a traceback.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # Cookiecutter tells its hooks a path that may be relative to a folder which they do not know.
        environment.globals["template_folder"] = str(TEMPLATE)
        environment.filters["checked_slug"] = _checked_slug
        self._own = _own_templates()

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """Refuse answers from the command line that contain instructions: Cookiecutter is about to run them."""
        if source not in self._own:
            form = read_form(TEMPLATE)
            if why := form.rendered(_REFUSES_INSTRUCTIONS, {"text": source}):
                raise FailedHookException(f"{source}: {why}")
        return source


_REFUSES_INSTRUCTIONS = "{% from 'starter/refusals.txt' import of_instructions %}{{ of_instructions(text) }}"


def _own_templates() -> set[str]:
    """Everything that Cookiecutter may render here."""
    defaults = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8")).values()
    hooks = [path.read_text(encoding="utf-8") for path in (TEMPLATE / "hooks").glob("*.py")]
    folders = [path.name for path in TEMPLATE.iterdir()]
    return {text for text in [*defaults, *hooks, *folders] if isinstance(text, str)}


def _checked_slug(answers: Mapping[str, Any]) -> str:
    """The slug, given or by default. cookiecutter.json asks for it after each answer that can be refused.

    Raises: FailedHookException, with one sentence, for the first answer that is refused.
    """
    try:
        slug: str = read_form(TEMPLATE).answers(answers)["project_slug"]
    except Refused as refusal:
        raise FailedHookException(str(refusal)) from None
    return slug
