"""Names that people type end in a project or in one sentence, with either tool on a terminal."""

from __future__ import annotations

import os
import pty
import sys

import pytest
import yaml

from ..house.copies import environment
from ..services import ROOT

pytestmark = pytest.mark.slow

CLEARED = "\x15"  # Ctrl-U: Copier's prompt already holds the default
QUESTIONS = yaml.safe_load((ROOT / "copier.yml").read_text())
HELP = {name: told["help"] for name, told in QUESTIONS.items() if isinstance(told, dict) and "help" in told}
TOOLS = {
    "cookiecutter": ("cookiecutter", "{template}"),
    "copier": ("copier", "copy", "{template}", "project"),
}


def conversation(folder, tool, template, typed):
    """What the tool prints on a terminal where somebody answers its questions, and its exit code.

    Args:
        typed: pairs of a text that appears and the answer to it; an empty answer accepts the default.
    """
    command = [sys.executable, "-P", "-m", *(word.format(template=template) for word in TOOLS[tool])]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(command[0], command, environment(HOME=str(folder.parent), NO_COLOR="1", TERM="dumb"))
    printed, waiting = "", list(typed)
    while chunk := _read(terminal):
        printed += chunk
        # A narrow terminal breaks the line of a question.
        if waiting and waiting[0][0] in " ".join(printed.split()):
            _, answer = waiting.pop(0)
            os.write(terminal, f"{CLEARED if tool == 'copier' and answer else ''}{answer}\r".encode())
    os.close(terminal)
    return " ".join(printed.split()), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _read(terminal):
    try:
        return os.read(terminal, 4096).decode(errors="replace")
    except OSError:  # the tool has ended
        return ""


def answers(**given):
    """The default for every question that is not given."""
    return [(text, given.get(question, "")) for question, text in HELP.items()]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    ("name", "slug"), [("class", "class-service"), ("日本語", "my-service"), ("Modèle d'été", "modele-d-ete")]
)
def test_a_typed_name_becomes_a_project(name, slug, tool, template, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()

    printed, exit_code = conversation(folder, tool, template, answers(project_name=name))

    assert exit_code == 0, printed
    assert f"({slug})" in printed or tool == "copier"
    [project] = folder.iterdir()
    assert f'name = "{slug}"\n' in (project / "pyproject.toml").read_text()
    assert (project / "README.md").read_text().startswith(f"# {name}\n")


def test_cookiecutter_refuses_a_typed_answer_before_it_asks_the_next_question(template, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()

    printed, exit_code = conversation(folder, "cookiecutter", template, answers(project_name="{{7*7}}"))

    assert exit_code == 1
    assert "project_name: It holds" in printed
    assert HELP["project_slug"] not in printed
    assert not any(folder.iterdir())


def test_copier_refuses_a_typed_answer_and_asks_again(template, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()

    name, slug, *others = answers(project_slug="My Service")
    again = ("It may hold lower-case letters", "mine")

    printed, exit_code = conversation(folder, "copier", template, [name, slug, again, *others])

    assert exit_code == 0, printed
    assert 'name = "mine"\n' in (folder / "project" / "pyproject.toml").read_text()
