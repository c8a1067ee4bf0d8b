"""Generated projects work: each passes its own `make check` and `make test`, containers included."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess

import pytest

from ..house.copies import environment
from ..leftovers import run_if_killed
from ..services import ROOT
from .making import TOOLS, commit, git, made, update

pytestmark = pytest.mark.slow

# Other workers run their own tests.
ONE_WORKER = {"PYTEST_XDIST_AUTO_NUM_WORKERS": "1"}

# A user's estimator and its data, as a notebook leaves them.
OWN_MODEL = """
import joblib
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

iris = load_iris(as_frame=True)
joblib.dump(LogisticRegression(max_iter=1000).fit(iris.data, iris.target), "flowers.joblib")
iris.data.assign(kind=iris.target).to_csv("flowers.csv", index=False)
"""


def make(project, *words, **more):
    """Runs `make` in its own session, which ends with the test: `make` starts tests, and these start services."""
    process = subprocess.Popen(
        ["make", *words],
        cwd=project,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process, run_if_killed(f"kill -KILL -{process.pid}"):
        try:
            printed, _ = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, printed[-20_000:]


def with_our_environment(project):
    """Links the environment of this repository, which has everything that a project needs."""
    (project / ".venv").symlink_to(ROOT / ".venv")
    return "--assume-old=.venv/installed"


# The projects of the next test pass it, too. With both backends and `compare/`, it is the check of this repository.
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("backend", "compare"), [("both", "no"), ("fastapi", "no"), ("flask", "yes")])
def test_a_project_passes_its_own_check(backend, compare, template, tmp_path):
    project = made(TOOLS["cookiecutter"], tmp_path / "made", template, backend=backend, compare=compare)

    make(project, with_our_environment(project), "check")


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("backend", "compare"), [("fastapi", "yes"), ("flask", "no")])
def test_a_project_passes_its_own_tests_with_its_own_locks(backend, compare, template, tmp_path):
    """A commit of a project with another name, as its CI would check it out."""
    answers = {"project_name": "Flowers of the field", "backend": backend, "compare": compare}
    project = made(TOOLS["copier"], tmp_path / "made", template, **answers)
    commit(project)

    make(project, "check")
    make(project, "test", **ONE_WORKER)

    assert git(project, "status", "--porcelain") == ""


@pytest.mark.timeout(900)
def test_a_renamed_project_with_both_backends_keeps_the_contract(template, tmp_path):
    """The other tests would repeat those of this repository."""
    project = made(TOOLS["copier"], tmp_path / "made", template, project_name="Flowers of the field", compare="no")
    with_our_environment(project)

    pytest_passes(project, "-m", "not slow", "tests/contract", "tests/parity", "tests/containers/test_compose.py")


@pytest.mark.timeout(900)
def test_a_project_serves_its_own_model_before_and_after_an_update(template, tmp_path):
    """`model/train.py` and `model/data/` are the user's; nothing of the penguins is left."""
    upstream = tmp_path / "upstream.git"
    shutil.copytree(template, upstream, ignore=shutil.ignore_patterns(".venv"))
    commit(upstream, tag="1.0.0")
    answers = {"backend": "flask", "compare": "no"}
    project = made(TOOLS["cookiecutter"], tmp_path / "made", upstream.as_uri(), "1.0.0", **answers)
    (project / "model" / "train.py").write_text('"""Say where the model is trained."""\n\nprint("In a notebook.")\n')
    (project / "model" / "data" / "penguins.csv").unlink()
    with_our_environment(project)
    commit(project)
    assert_answers(project)
    commit(project)

    faults = upstream / "serve_core" / "wire" / "faults.py"
    faults.write_text(faults.read_text() + "\n# 2\n")
    commit(upstream, tag="2.0.0")
    update(project)

    assert (project / "serve_core" / "wire" / "faults.py").read_text().endswith("\n# 2\n")
    assert_answers(project)


def assert_answers(project):
    """The command in docs/your-model.md packages the model, and a service answers its predictions."""
    pack = ("flowers.joblib", "--data", "flowers.csv", "--target", "kind", "--name", "flowers", "--replace")
    python(project, "-c", OWN_MODEL)
    python(project, "-m", "model.packaging", *pack)
    pytest_passes(project, "tests/contract/test_predictions.py", "-k", "served")


def pytest_passes(project, *words):
    python(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words)


def python(project, *words, **more):
    run = subprocess.run(
        [project / ".venv/bin/python", *words], cwd=project, env=environment(**more), capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
