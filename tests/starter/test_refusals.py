"""Both tools refuse an invalid answer with the same message, before anything is written."""

from __future__ import annotations

import pytest

from starter.questions import Refused, read_form

from ..services import ROOT
from .making import TOOLS

SLUG = "It may hold lower-case letters of English, digits and single dashes, the first a letter, the last no dash."
LINE = "It must be one line of printable characters."
INSTRUCTIONS = 'It holds "{{", "{%" or "{#", which Cookiecutter would run; leave a space after the brace.'
REFUSED = [
    ("project_slug", "My Service", SLUG),
    ("project_slug", "my_service", SLUG),
    ("project_slug", "1st", SLUG),
    ("project_slug", "a-", SLUG),
    ("project_slug", "a--b", SLUG),
    ("project_slug", "a/b", SLUG),
    ("project_slug", "../a", SLUG),
    ("project_slug", "dienst-für-alle", SLUG),
    ("project_slug", "a" * 51, "It has 51 characters, and may have 50."),
    ("project_slug", "con", 'Windows takes "con" for a device and can make no folder of that name.'),
    ("project_slug", "class", '"class" is a keyword of Python.'),
    ("project_slug", "model", '"model" is the name of a folder in the project.'),
    ("project_slug", "scikit-learn", '"scikit-learn" is the name of a package that the project depends on.'),
    ("project_slug", "{{7*7}}", INSTRUCTIONS),
    ("project_name", "", "It must not be empty."),
    ("project_name", "   ", "It must not be empty."),
    ("project_name", "two\nlines", LINE),
    ("project_name", "a\tb", LINE),
    ("project_name", "a" * 81, "It has 81 characters, and may have 80."),
    ("project_name", "{{7*7}}", INSTRUCTIONS),
    ("project_name", "{% raise %}", INSTRUCTIONS),
    ("project_name", "{# nothing", INSTRUCTIONS),
    ("description", "{{ cookiecutter }}", INSTRUCTIONS),
    ("description", "a\x7fb", LINE),
    ("author", "a\r\nb", LINE),
]


@pytest.mark.parametrize(("question", "answer", "sentence"), REFUSED)
def test_an_invalid_answer_is_refused_with_a_reason(question, answer, sentence):
    with pytest.raises(Refused) as refused:
        read_form(ROOT).answers({question: answer})

    assert str(refused.value) == f"{question}: {sentence}"


# Both tools read the messages from the same file, so one test of each question is enough.
@pytest.mark.slow
@pytest.mark.parametrize("maker", TOOLS)
@pytest.mark.parametrize(
    ("question", "answer", "sentence"),
    [
        ("project_slug", "My Service", SLUG),
        ("project_name", "two\nlines", LINE),
        ("project_name", "{{7*7}}", INSTRUCTIONS),
        ("description", "a\x7fb", LINE),
        ("author", "a\r\nb", LINE),
    ],
)
def test_both_tools_refuse_before_writing(maker, question, answer, sentence, template, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()

    run = TOOLS[maker](folder, str(template), **{question: answer})

    assert run.returncode != 0
    assert (run.stdout + run.stderr).rstrip().endswith(f": {sentence}")
    assert not any(folder.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("maker", TOOLS)
@pytest.mark.parametrize(("question", "answer"), [("backend", "django"), ("compare", "maybe")])
def test_an_unknown_choice_is_refused(maker, question, answer, template, tmp_path):
    """With the tool's own message."""
    folder = tmp_path / "empty"
    folder.mkdir()

    run = TOOLS[maker](folder, str(template), **{question: answer})

    last = (run.stdout + run.stderr).rstrip().splitlines()[-1]
    assert run.returncode != 0
    assert answer in last and question in last
    assert not any(folder.iterdir())
