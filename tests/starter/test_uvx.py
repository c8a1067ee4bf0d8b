"""`uvx` makes a project with either tool, and installs neither."""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import version

import pytest

from ..house.copies import environment
from .making import author, commit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("uvx") is None, reason="uv is not installed"),
]


@pytest.mark.parametrize(
    "words",
    [
        ("copier", "copy", "--defaults", "--quiet", "--data", "backend=fastapi", "{template}", "my-service"),
        ("cookiecutter", "--no-input", "{template}", "backend=fastapi"),
    ],
    ids=lambda words: words[0],
)
def test_uvx_makes_a_project_in_an_empty_folder(words, template, tmp_path):
    """With the version that the lock names: the newest one changes without us."""
    upstream = tmp_path / "upstream.git"
    shutil.copytree(template, upstream, ignore=shutil.ignore_patterns(".venv"))
    commit(upstream, tag="1.0.0")
    folder = tmp_path / "empty"
    folder.mkdir()
    # Where Cookiecutter keeps its clone and the answers.
    config = tmp_path / "cookiecutter.yaml"
    config.write_text(f"cookiecutters_dir: {tmp_path}/clones\nreplay_dir: {tmp_path}/replay\n")
    name, *given = [word.format(template=upstream.as_uri()) for word in words]

    run = subprocess.run(
        ["uvx", f"{name}@{version(name)}", *given],
        cwd=folder,
        env=environment(**author(), COOKIECUTTER_CONFIG=str(config)),
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stderr
    [project] = folder.iterdir()
    assert project.name == "my-service"
    assert (project / "serve_fastapi").is_dir()
    assert not (project / "serve_flask").exists()
