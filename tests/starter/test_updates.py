"""A project updates to the starter's next version: edits stay, and excluded files stay out."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
import yaml

from ..house.copies import environment
from .making import TOOLS, commit, contents, git, made, update

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
    # One worker creates what they share.
    pytest.mark.xdist_group("updates"),
]

# The user's own model instead of the penguins.
TRAINING = '''"""Train the model that this project is about."""

print("Mine.")
'''


@pytest.fixture(scope="module")
def repository(template, tmp_path_factory):
    """The template in two versions; the second changes files of every project, and files that some projects exclude."""
    repository = tmp_path_factory.mktemp("repository") / "upstream.git"
    shutil.copytree(template, repository, ignore=shutil.ignore_patterns(".venv"))
    commit(repository, tag="1.0.0")
    for path in (
        "serve_core/batching/job_queue.py",
        "serve_fastapi/routes.py",
        "serve_flask/routes.py",
        "model/train.py",
        ".github/workflows/ci.yml.jinja",
    ):
        source = (repository / path).read_text()
        (repository / path).write_text(source + "\n\n# What the next version brings.\n")
    (repository / "serve_flask" / "new.py").write_text('"""What only Flask needs."""\n')
    (repository / "model" / "data" / "penguins.csv").write_text("island,species\nDream,Adelie\n")
    readme = (repository / "README.md.jinja").read_text()
    (repository / "README.md.jinja").write_text(readme.replace("## Refusals\n", "## What is refused\n"))
    commit(repository, tag="2.0.0")
    return repository


@pytest.fixture(scope="module", params=TOOLS)
def edited(request, repository, tmp_path_factory):
    """A project with FastAPI alone, from the first version, edited by its user and committed."""
    folder = tmp_path_factory.mktemp("edited") / "made"
    answers = {"project_name": "Flowers", "backend": "fastapi", "compare": "no"}
    project = made(TOOLS[request.param], folder, repository.as_uri(), "1.0.0", **answers)
    readme = (project / "README.md").read_text()
    (project / "README.md").write_text(readme.replace("# Flowers\n", "# Flowers of the field\n"))
    (project / "serve_fastapi" / "mine.py").write_text('"""Of the user."""\n')
    queue = (project / "serve_core" / "batching" / "job_queue.py").read_text()
    (project / "serve_core" / "batching" / "job_queue.py").write_text(f"# Mine.\n{queue}")
    (project / "model" / "train.py").write_text(TRAINING)
    (project / "model" / "data" / "penguins.csv").unlink()
    (project / "model" / "data" / "flowers.csv").write_text("petals,species\n5,rose\n")
    (project / "tests" / "operation" / "test_metrics.py").unlink()
    ci = (project / ".github" / "workflows" / "ci.yml").read_text()
    (project / ".github" / "workflows" / "ci.yml").write_text(ci.replace("3.13", "3.12"))
    commit(project)
    return project


@pytest.fixture(scope="module")
def updated(edited, tmp_path_factory):
    project = tmp_path_factory.mktemp("updated") / "project"
    shutil.copytree(edited, project)
    update(project)
    return project


def test_an_update_brings_changes_and_keeps_edits(updated):
    queue = (updated / "serve_core" / "batching" / "job_queue.py").read_text()
    assert queue.startswith("# Mine.\n")
    assert queue.endswith("# What the next version brings.\n")
    readme = (updated / "README.md").read_text()
    assert readme.startswith("# Flowers of the field\n")
    assert "\n## What is refused\n" in readme
    assert (updated / "serve_fastapi" / "mine.py").exists()
    assert yaml.safe_load((updated / ".copier-answers.yml").read_text())["_commit"] == "2.0.0"
    assert_nothing_is_in_conflict(updated)


def test_an_update_does_not_bring_excluded_files(updated):
    assert not list(updated.glob("**/*flask*"))
    assert not (updated / "compare").exists()
    assert "Flask" not in (updated / "README.md").read_text()


def test_an_update_keeps_the_users_model(updated):
    assert (updated / "model" / "train.py").read_text() == TRAINING
    assert sorted(path.name for path in (updated / "model" / "data").iterdir()) == ["README.md", "flowers.csv"]
    assert not (updated / "tests" / "operation" / "test_metrics.py").exists()


def test_an_update_keeps_the_users_workflows(updated):
    ci = (updated / ".github" / "workflows" / "ci.yml").read_text()
    assert '"3.12"' in ci
    assert "# What the next version brings.\n" not in ci


def test_an_update_adds_the_other_backend_on_request(edited, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(edited, project)

    update(project, "--data", "backend=both")

    assert (project / "serve_flask" / "new.py").exists()
    assert (project / "docker" / "flask.lock").exists()
    assert (project / "tests" / "parity").exists()
    assert set(yaml.safe_load((project / "compose.yaml").read_text())["services"]) == {"edge", "fastapi", "flask"}
    readme = (project / "README.md").read_text()
    assert readme.startswith("# Flowers of the field\n")
    assert "Flask on port 8001" in readme
    assert (project / "serve_core" / "batching" / "job_queue.py").read_text().startswith("# Mine.\n")
    assert (project / "model" / "train.py").read_text() == TRAINING
    assert_nothing_is_in_conflict(project)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param({"backend": "flask", "compare": "yes"}, {"backend": "both", "compare": "no"}, id="adds"),
        pytest.param({"backend": "both", "compare": "no"}, {"backend": "flask", "compare": "yes"}, id="drops"),
    ],
)
def test_an_updated_unedited_project_equals_a_fresh_one(first, then, repository, tmp_path):
    project = made(TOOLS["cookiecutter"], tmp_path / "first", repository.as_uri(), "1.0.0", **first)
    commit(project)
    fresh = made(TOOLS["copier"], tmp_path / "fresh", repository.as_uri(), "2.0.0", **then)

    update(project, *(word for name, answer in then.items() for word in ("--data", f"{name}={answer}")))

    ours, theirs = contents(project), contents(fresh)
    assert ours.keys() == theirs.keys()
    # They belong to the user from the first day.
    assert {path for path in ours if ours[path] != theirs[path]} == {"model/train.py", ".github/workflows/ci.yml"}


def test_leftovers_of_a_dropped_backend_are_ignored(repository, tmp_path):
    """Git ignores `__pycache__`, so an update leaves it behind."""
    project = made(TOOLS["copier"], tmp_path / "made", repository.as_uri(), "1.0.0", compare="no")
    commit(project)
    for folder in ("serve_fastapi", "tests/parity"):
        (project / folder / "__pycache__").mkdir()
        (project / folder / "__pycache__" / "app.cpython-313.pyc").write_bytes(b"")

    update(project, "--data", "backend=flask")

    asks = "from tests.services import BACKENDS; print(BACKENDS)"
    assert said_by(project, sys.executable, "-c", asks) == "['flask']\n"
    checks = said_by(project, "make", "--dry-run", "check")
    assert "serve_flask" in checks
    assert not re.search("fastapi|parity", checks)


def said_by(project, *command):
    run = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def assert_nothing_is_in_conflict(project):
    assert not list(project.glob("**/*.rej"))
    assert "UU" not in git(project, "status", "--porcelain")
    marked = subprocess.run(["git", "grep", "-l", "^<<<<<<< "], cwd=project, capture_output=True, text=True)
    assert marked.stdout == ""
