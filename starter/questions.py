"""What is asked of who starts a project, and which answers are refused: copier.yml, read as Copier reads it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml


class Refused(Exception):
    """An answer that cannot be taken; the message is a sentence for who gave it."""


@dataclass(frozen=True)
class Question:
    """A question, or what follows from the answers to others (`is_asked` is false).

    Attributes:
        default: a template over the answers so far, or a value.
        choices: what may be answered; empty if anything may.
        validator: a template over the answers so far and this one; what it renders is why the answer is refused.
    """

    name: str
    kind: str
    default: Any
    choices: tuple[str, ...]
    validator: str
    is_asked: bool


@dataclass(frozen=True)
class Form:
    """What copier.yml says.

    Attributes:
        exclude: templates of the patterns, some a line, of what a project does not get.
        message: a template of what is said at the end.
    """

    questions: tuple[Question, ...]
    exclude: tuple[str, ...]
    message: str
    jinja: jinja2.Environment

    def answers(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """An answer to every question, the default where none is given.

        Raises: Refused, for the first answer that cannot be taken.
        """
        answers: dict[str, Any] = {}
        for question in self.questions:
            answer = given.get(question.name, question.default)
            if isinstance(answer, str) and question.name not in given:
                answer = self.rendered(answer, answers)
            answer = _typed(question, answer)
            if question.choices and answer not in question.choices:
                raise Refused(f"{question.name}: It must be one of {', '.join(question.choices)}.")
            answers[question.name] = answer
            if why := self.rendered(question.validator, answers).strip():
                raise Refused(f"{question.name}: {why}")
        return answers

    def asked(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """The answers that a project remembers."""
        return {question.name: answers[question.name] for question in self.questions if question.is_asked}

    def rendered(self, template: str, answers: Mapping[str, Any]) -> str:
        return self.jinja.from_string(template).render(**answers)


def read_form(template: Path) -> Form:
    """The form of the template in this folder."""
    document: dict[str, Any] = yaml.safe_load((template / "copier.yml").read_text(encoding="utf-8"))
    jinja = jinja2.Environment(  # noqa: S701, what it writes is no HTML
        loader=jinja2.FileSystemLoader(template), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    # Which Copier has.
    jinja.filters |= {"to_nice_yaml": _to_nice_yaml, "realpath": os.path.realpath}
    return Form(
        questions=tuple(_question(name, told) for name, told in document.items() if not name.startswith("_")),
        exclude=tuple(document["_exclude"]),
        message=document["_message_after_copy"],
        jinja=jinja,
    )


def _question(name: str, told: Mapping[str, Any]) -> Question:
    return Question(
        name=name,
        kind=told["type"],
        default=told["default"],
        choices=tuple(told.get("choices", {}).values()),
        validator=told.get("validator", ""),
        is_asked=told.get("when", True),
    )


def _typed(question: Question, answer: Any) -> Any:
    """The answer as its question's type: what is rendered is a string, and a file of answers may hold numbers."""
    if question.kind == "bool":
        return answer == "True" if isinstance(answer, str) else answer
    return str(answer) if question.kind == "str" else answer


def _to_nice_yaml(value: Any) -> str:
    text: str = yaml.dump(value, indent=4, allow_unicode=True, default_flow_style=False)
    return text
