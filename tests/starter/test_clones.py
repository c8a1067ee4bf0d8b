"""A model that is packaged and committed in a project is served by every clone of it, or the build says why not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest

from ..containers.engine import Project, require
from ..house.copies import environment
from ..model.sources import serving
from ..services import PATIENCE_S
from .making import TOOLS, commit, git, made
from .test_generated import OWN_MODEL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PACK = ("flowers.joblib", "--data", "flowers.csv", "--target", "kind", "--name", "flowers", "--replace")


@pytest.fixture(scope="module", autouse=True)
def engine():
    require("no Docker engine answers", "docker", "version")


def python(project, *words):
    run = subprocess.run([sys.executable, *words], cwd=project, env=environment(), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def digest_of(project):
    return sha256((project / "artifact/manifest.json").read_bytes()).hexdigest()


def committed(tool, backend, template, folder):
    """A project whose owner has packaged and committed a model of their own, as packaging says."""
    project = made(TOOLS[tool], folder / "made", template, backend=backend)
    commit(project)
    python(project, "-c", OWN_MODEL)
    printed = python(project, "-m", "model.packaging", *PACK)
    [add] = [line.partition(": ")[2] for line in printed.splitlines() if line.startswith("Commit it")]
    git(project, *add.removeprefix("git ").split())
    git(project, "commit", "--quiet", "--message", "Serve flowers")
    return project


def cloned(project, folder):
    git(folder, "clone", "--quiet", str(project), "clone")
    return Project(folder / "clone", f"test-{uuid4().hex[:8]}")


def served(clone, backend):
    """The description of the model that `docker compose up` serves."""
    clone.compose("up", "--detach", "--wait")
    url = f"http://127.0.0.1:{clone.compose('port', backend, '8000').rpartition(':')[2]}"
    assert httpx.get(f"{url}/readyz", timeout=PATIENCE_S).json() == {"status": "ready"}
    return httpx.get(f"{url}/model", timeout=PATIENCE_S).json()


@pytest.mark.parametrize(("backend", "tool"), [("fastapi", "copier"), ("flask", "cookiecutter")])
def test_a_clone_serves_the_committed_model_or_nothing(backend, tool, template, tmp_path):
    project = committed(tool, backend, template, tmp_path)
    clone = cloned(project, tmp_path)

    with clone.removed_at_the_end():
        first = served(clone, backend)

        python(project, "-m", "model.packaging", *PACK, "--version", "2")
        git(project, "commit", "--quiet", "--all", "--message", "Serve flowers 2")
        git(clone.folder, "pull", "--quiet")
        second = served(clone, backend)

        git(clone.folder, "-c", "advice.detachedHead=false", "checkout", "--quiet", "HEAD~")
        third = served(clone, backend)

        shutil.rmtree(clone.folder / "artifact")
        refused = clone.run("sh", "-c", "! docker compose up --detach --wait 2>&1")

    assert first["name"] == "flowers"
    assert second["version"].startswith("2-")
    assert second["digest"] == digest_of(project)
    assert third == first
    assert (
        f"model/artifact.toml names flowers {first['version']} (sha256:{first['digest']}), but artifact/ is not here: "
        "restore the folder and commit it, or name a source in model/artifact.toml, as docs/deploying.md shows."
        in refused
    )


def test_a_build_fetches_the_model_from_a_bucket_and_leaves_no_secret(template, tmp_path, monkeypatch):
    project = committed("copier", "flask", template, tmp_path)
    digest = digest_of(project)
    chosen = project / "model/artifact.toml"
    chosen.write_text(chosen.read_text() + 'source = "s3://models/flowers/{digest}"\n')
    with serving() as server:
        server.needed["models"] = "AWS4-HMAC-SHA256 Credential=key/"
        server.put(f"/models/flowers/{digest}", project / "artifact")
        git(project, "rm", "-r", "--quiet", "artifact")
        commit(project)
        clone = cloned(project, tmp_path)
        # The stand-in for the bucket listens on this machine only.
        (clone.folder / "compose.override.yaml").write_text("services: {flask: {build: {network: host}}}\n")
        (clone.folder / "source.env").write_text(
            f"AWS_ACCESS_KEY_ID=key\nAWS_SECRET_ACCESS_KEY=a-secret\n"
            f"AWS_ENDPOINT_URL={server.url}\nAWS_ALLOW_HTTP=true\n"
        )
        monkeypatch.setenv("SOURCE_SECRETS", "source.env")
        with clone.removed_at_the_end():
            model = served(clone, "flask")
            history = clone.run("docker", "history", "--no-trunc", clone.image("flask"))
            inside = clone.compose(
                "exec", "flask", "sh", "-c", "ls -R /run; env; python -c 'import obstore' 2>&1 || true"
            )

    assert (model["name"], model["digest"]) == ("flowers", digest)
    assert "a-secret" not in history + inside
    assert "No module named 'obstore'" in inside
    assert git(clone.folder, "status", "--porcelain") == "?? compose.override.yaml\n"
