"""Copier and Cookiecutter ask the same questions: cookiecutter.json repeats copier.yml."""

from __future__ import annotations

import json
import keyword
import re
import tomllib

import jinja2
import pytest
import yaml

from starter.extension import Starter
from starter.questions import Refused, read_form

from ..services import ROOT

COPIER = yaml.safe_load((ROOT / "copier.yml").read_text())
COOKIECUTTER = json.loads((ROOT / "cookiecutter.json").read_text())
ASKED = {name: told for name, told in COPIER.items() if not name.startswith("_") and told.get("when", True)}
CHOICES = {name for name, told in ASKED.items() if "choices" in told}

# Dependencies of the starter that no project has.
STARTER = {"cookiecutter", "copier", "pyyaml", "types-pyyaml"}


def test_both_tools_ask_the_same_questions_in_the_same_order():
    assert [name for name in COOKIECUTTER if not name.startswith("_")] == list(ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_both_tools_use_the_same_prompts(name):
    prompt = COOKIECUTTER["__prompts__"][name]
    choices = ASKED[name].get("choices")

    if choices:
        assert prompt == {"__prompt__": ASKED[name]["help"]} | {value: words for words, value in choices.items()}
        assert COOKIECUTTER[name] == list(choices.values())
    else:
        assert prompt == ASKED[name]["help"]


@pytest.mark.parametrize("backend", COOKIECUTTER["backend"])
@pytest.mark.parametrize("project_name", ["My service", '  "The" 2nd  Ünit_v1.0! ', "7 of 9", "a" * 49 + "-" + "b" * 9])
def test_both_tools_have_the_same_defaults(project_name, backend):
    given = {"project_name": project_name, "backend": backend}
    answers = read_form(ROOT).answers(given)
    jinja = jinja2.Environment(extensions=[Starter])

    for name in ASKED.keys() - {"project_name"} - CHOICES:
        assert jinja.from_string(COOKIECUTTER[name]).render(cookiecutter=given) == answers[name]
    for name in CHOICES:
        assert COOKIECUTTER[name][0] == ASKED[name]["default"]
    assert COOKIECUTTER["project_name"] == ASKED["project_name"]["default"]


@pytest.mark.parametrize(
    ("project_name", "slug"),
    [
        ("My service", "my-service"),
        ("It's 100% \\mine\\ 🐧", "it-s-100-mine"),
        ("  7 of 9 ", "of-9"),
        ("Modèle d'été", "modele-d-ete"),
        ("Mode\u0300le", "modele"),
        ("Straße zur Ærø", "strasse-zur-aero"),
        ("日本語", "my-service"),
        ("Модель", "my-service"),
        ("2026", "my-service"),
        ("class", "class-service"),
        ("Docker", "docker-service"),
        ("a" * 60, "a" * 50),
    ],
)
def test_every_name_has_a_slug(project_name, slug):
    assert read_form(ROOT).answers({"project_name": project_name})["project_slug"] == slug


def test_refuses_reserved_slugs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    parts = [*project["project"]["optional-dependencies"].values(), *project["dependency-groups"].values()]
    requirements = [*project["project"]["dependencies"], *(requirement for part in parts for requirement in part)]
    dependencies = {re.split(r"[^\w.-]", requirement)[0] for requirement in requirements} - STARTER
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name.isalpha()} - {"hooks", "starter"}

    for slug in dependencies | folders | {word for word in keyword.kwlist if word.islower()}:
        with pytest.raises(Refused, match=f'^project_slug: "{slug}" is '):
            read_form(ROOT).answers({"project_slug": slug})
