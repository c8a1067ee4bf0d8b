"""A project records its origin, in the same way with either tool."""

from __future__ import annotations

import shutil

import pytest
import yaml

from .making import TOOLS, commit, contents, made

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]


@pytest.fixture(scope="module")
def repository(template, tmp_path_factory):
    """The template as a repository with the versions v1 and v2; v2 has one more file."""
    repository = tmp_path_factory.mktemp("repository") / "upstream.git"
    shutil.copytree(template, repository, ignore=shutil.ignore_patterns(".venv"))
    commit(repository, tag="1.0.0")
    (repository / "docs" / "news.md").write_text("There is news.\n")
    commit(repository, tag="2.0.0")
    return repository


def origin(project):
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return answers.get("_src_path"), answers.get("_commit")


@pytest.mark.parametrize(("version", "has_news"), [("1.0.0", False), ("2.0.0", True)])
def test_records_the_tag_of_a_url(version, has_news, repository, tmp_path):
    url = repository.as_uri()
    by_tool = [made(TOOLS[tool], tmp_path / tool, url, version) for tool in TOOLS]

    assert contents(by_tool[0]) == contents(by_tool[1])
    for project in by_tool:
        assert origin(project) == (url, version)
        assert (project / "docs" / "news.md").exists() == has_news


def test_records_the_newest_version_of_a_path(repository, tmp_path):
    by_tool = [made(TOOLS[tool], tmp_path / tool, repository) for tool in TOOLS]

    assert contents(by_tool[0]) == contents(by_tool[1])
    assert origin(by_tool[0]) == (str(repository), "2.0.0")


def test_records_a_relative_path(repository, tmp_path):
    by_tool = []
    for tool in TOOLS:
        (tmp_path / tool).mkdir()
        (tmp_path / tool / "upstream").symlink_to(repository)
        by_tool.append(made(TOOLS[tool], tmp_path / tool / "here", "../upstream"))

    assert contents(by_tool[0]) == contents(by_tool[1])
    assert origin(by_tool[0]) == (str(repository), "2.0.0")


def test_records_a_folder_without_a_history(template, tmp_path):
    for tool in TOOLS:
        assert origin(made(TOOLS[tool], tmp_path / tool, template)) == (str(template), None)


def test_records_no_version_for_a_folder_inside_another_repository(template, tmp_path):
    shutil.copytree(template, tmp_path / "upstream", ignore=shutil.ignore_patterns(".venv"))
    (tmp_path / "README.md").write_text("Of something else.\n")
    commit(tmp_path)

    for tool in TOOLS:
        assert origin(made(TOOLS[tool], tmp_path / tool, tmp_path / "upstream")) == (str(tmp_path / "upstream"), None)
