"""Whatever a project's name is, both tools make the same, well-formed project."""

from __future__ import annotations

import tomllib

import pytest
import yaml

from .making import TOOLS, contents, made

# Together they contain special characters of TOML, YAML, Markdown, HTML, Jinja and the shell.
NAMES = [
    "  \"Double\", 'single' and `back`, C:\\temp\\new, 100% {sure} } { {7*7}  ",
    "null: yes # no <b>&amp;</b> $HOME ${x} $(date)  Pinguïn 🐧 👩‍🚀",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_project_keeps_its_name_unchanged(name, template, tmp_path):
    answers = {"project_name": name, "project_slug": "null", "description": name, "author": name}
    by_tool = {tool: made(TOOLS[tool], tmp_path / tool, template, **answers) for tool in TOOLS}

    project = by_tool["copier"]
    assert contents(project) == contents(by_tool["cookiecutter"])
    declared = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert declared["name"] == "null"
    assert declared["description"] == name.strip()
    assert declared["authors"] == [{"name": name.strip()}]
    assert yaml.safe_load((project / "compose.yaml").read_text())["name"] == "null"
    assert yaml.safe_load((project / ".copier-answers.yml").read_text())["project_name"] == name
    assert (project / "README.md").read_text().startswith(f"# {name.strip()}\n\n{name.strip()}\n\nFastAPI serves ")
