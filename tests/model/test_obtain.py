"""`python -m model.obtain` puts the artifact of `model/artifact.toml` in place, or one sentence says why not."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from model.artifact import load
from model.artifact.files import ESTIMATOR, MANIFEST

from ..house.copies import copy_of_repository, environment
from ..services import ROOT
from .sources import contents_of, serving

SAVE = """
import sys
import pandas as pd
from sklearn.linear_model import LinearRegression
from model.packaging import save

frame = pd.DataFrame({"size": [1.0, 2.0, 3.0]})
save(LinearRegression().fit(frame, frame["size"]), frame, sys.argv[1], name="lines \\x7f", replace=True)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What `model.obtain` takes of a project: no artifact is there, and nobody has chosen a model."""
    copy = tmp_path / "project"
    shutil.copytree(ROOT / "model", copy / "model", ignore=shutil.ignore_patterns("__pycache__", "artifact.toml"))
    return copy


@pytest.fixture
def elsewhere(packaged_classifier: Path, tmp_path: Path) -> Path:
    """The chosen artifact, where only a source finds it."""
    return Path(shutil.copytree(packaged_classifier, tmp_path / "elsewhere"))


def digest_of(artifact: Path) -> str:
    return sha256((artifact / MANIFEST).read_bytes()).hexdigest()


def choose(project: Path, artifact: Path, source: str | None = None) -> None:
    fields = {"name": "sizes", "version": "1.2", "digest": digest_of(artifact)} | ({"source": source} if source else {})
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in fields.items()]
    (project / "model/artifact.toml").write_text("".join(lines))


def obtained(project: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "model.obtain", *options],
        cwd=project,
        env=environment(**variables),
        capture_output=True,
        text=True,
    )


def refusal(project: Path, **variables: str) -> str:
    """The only sentence of a run that fails."""
    run = obtained(project, **variables)
    assert (run.returncode, run.stdout) == (1, "")
    [sentence] = run.stderr.splitlines()
    return sentence


def archive_of(folder: Path, *, below: str = "wine-1.0") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(folder, below)
    return packed.getvalue()


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def bucket(server, tmp_path):
    """The file of secrets for a bucket that the server stands for."""
    server.needed["models"] = "AWS4-HMAC-SHA256 Credential=key/"
    secrets = tmp_path / "source.env"
    secrets.write_text(
        "# the bucket\nAWS_ACCESS_KEY_ID=key\nAWS_SECRET_ACCESS_KEY='secret'\n"
        f"AWS_ENDPOINT_URL={server.url}\nAWS_ALLOW_HTTP=true\n"
    )
    return secrets


def test_keeps_the_artifact_that_is_named(project, elsewhere):
    shutil.copytree(elsewhere, project / "artifact")
    choose(project, elsewhere)

    run = obtained(project)

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert contents_of(project / "artifact") == contents_of(elsewhere)


def test_a_missing_artifact_is_never_replaced_by_the_example(project, elsewhere):
    choose(project, elsewhere)

    assert refusal(project) == (
        f"model/artifact.toml names sizes 1.2 (sha256:{digest_of(elsewhere)}), but artifact/ is not here: restore the "
        "folder and commit it, or name a source in model/artifact.toml, as docs/deploying.md shows."
    )
    assert not (project / "artifact").exists()


def test_another_artifact_than_the_named_one_is_refused(project, elsewhere, regressor_folder):
    shutil.copytree(regressor_folder, project / "artifact")
    choose(project, elsewhere)

    sentence = refusal(project)

    assert f"sha256:{digest_of(elsewhere)}" in sentence
    assert f"sha256:{digest_of(regressor_folder)}" in sentence
    assert "commit or restore both together" in sentence


def test_a_changed_or_missing_file_of_the_artifact_is_named(project, elsewhere):
    shutil.copytree(elsewhere, project / "artifact")
    choose(project, elsewhere)

    (project / "artifact" / ESTIMATOR).write_text("version https://git-lfs.github.com/spec/v1\n")
    assert refusal(project).startswith(
        f"artifact/{ESTIMATOR} is not the file that was packaged, because its SHA-256 is "
    )

    (project / "artifact" / ESTIMATOR).unlink()
    assert refusal(project) == f"artifact/{ESTIMATOR} is missing: restore artifact/ with Git."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name", "model/artifact.toml is not TOML: "),
        ('name = "wine"\nversion = "1"\n', "model/artifact.toml has no digest."),
        ('name = "wine"\nversion = 1\ndigest = "0"\n', "version in model/artifact.toml is not a string."),
        ('name = "wine"\nversion = "1"\ndigest = "0"\n', "the digest in model/artifact.toml is not a SHA-256: "),
        ('name = ""\nversion = "1"\ndigest = "0"\nsuorce = ""\n', "model/artifact.toml has an unknown field 'suorce'."),
    ],
    ids=["no TOML", "missing", "wrong type", "no digest", "misspelt"],
)  # fmt: skip
def test_an_invalid_file_is_refused(project, content, sentence):
    (project / "model/artifact.toml").write_text(content)

    assert refusal(project).startswith(sentence)


def test_trains_the_example_if_nobody_has_chosen_a_model(project):
    assert obtained(project, "--needs").stdout == "docker/train.lock"

    assert obtained(project).returncode == 0

    assert load(project / "artifact").manifest.example
    assert not (project / "model/artifact.toml").exists()
    assert obtained(project, "--needs").stdout == ""


def test_keeps_an_artifact_if_nobody_has_chosen_a_model(project, elsewhere):
    shutil.copytree(elsewhere, project / "artifact")

    assert obtained(project).returncode == 0

    assert contents_of(project / "artifact") == contents_of(elsewhere)


def test_fetches_from_a_folder_or_an_archive(project, elsewhere):
    (project / "wine.tar.gz").write_bytes(archive_of(elsewhere))
    for source in (str(elsewhere), elsewhere.as_uri(), "wine.tar.gz"):
        choose(project, elsewhere, source)

        run = obtained(project)

        assert (run.returncode, run.stderr) == (0, "")
        assert contents_of(project / "artifact") == contents_of(elsewhere)
        assert [path.name for path in project.iterdir() if path.name.startswith(".")] == []
        shutil.rmtree(project / "artifact")


def test_fetches_from_a_web_server(project, elsewhere, server):
    server.put("/wine", elsewhere)
    server.files["/wine.tgz"] = archive_of(elsewhere)
    for source in ("wine", "wine/", "wine.tgz?signature=a%2Fb", "wine?signature=a%2Fb"):
        choose(project, elsewhere, f"{server.url}/{source}")

        assert (obtained(project).returncode, obtained(project, "--needs").stdout) == (0, "")

        assert contents_of(project / "artifact") == contents_of(elsewhere)
        shutil.rmtree(project / "artifact")


def test_fetches_from_a_bucket_with_secrets(project, elsewhere, server, bucket):
    server.put(f"/models/wine/{digest_of(elsewhere)}", elsewhere)
    server.files["/models/wine.tar.gz"] = archive_of(elsewhere, below=".")
    for source in ("s3://models/wine/{digest}", "s3://models/wine.tar.gz"):
        choose(project, elsewhere, source)
        assert obtained(project, "--needs").stdout == "model/fetch.lock"

        run = obtained(project, SOURCE_SECRETS=str(bucket))

        assert (run.returncode, run.stderr) == (0, "")
        assert contents_of(project / "artifact") == contents_of(elsewhere)
        assert obtained(project, "--needs").stdout == ""
        shutil.rmtree(project / "artifact")


def test_fetches_from_hugging_face(project, elsewhere, server):
    server.needed["lab"] = "Bearer mine"
    server.put("/lab/wine/resolve/v1/served", elsewhere)
    server.put("/lab/wine/resolve/main", elsewhere)
    for source in ("hf://lab/wine@v1/served", "hf://lab/wine"):
        choose(project, elsewhere, source)

        run = obtained(project, HF_ENDPOINT=server.url, HF_TOKEN="mine")

        assert (run.returncode, run.stderr) == (0, "")
        assert contents_of(project / "artifact") == contents_of(elsewhere)
        shutil.rmtree(project / "artifact")


def test_fetches_a_registered_version_from_mlflow(project, elsewhere, server, bucket):
    choose(project, elsewhere, "models:/our wine/3")
    server.needed["api"] = "Basic bWU6bWluZQ=="
    account = {"MLFLOW_TRACKING_URI": server.url, "MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "mine"}
    server.put("/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/wine", elsewhere)
    server.put("/models/wine", elsewhere)
    of_run = {"run": {"info": {"artifact_uri": "mlflow-artifacts:/1/run/artifacts"}}}
    server.files["/api/2.0/mlflow/runs/get"] = json.dumps(of_run).encode()
    for address in ("mlflow-artifacts:/1/run/artifacts/wine", "runs:/run/wine", "s3://models/wine"):
        answer = json.dumps({"artifact_uri": address}).encode()
        server.files["/api/2.0/mlflow/model-versions/get-download-uri"] = answer

        run = obtained(project, SOURCE_SECRETS=str(bucket), **account)

        assert (run.returncode, run.stderr) == (0, "")
        assert contents_of(project / "artifact") == contents_of(elsewhere)
        shutil.rmtree(project / "artifact")


def test_a_new_choice_replaces_the_artifact(project, elsewhere, regressor_folder):
    shutil.copytree(regressor_folder, project / "artifact")
    choose(project, elsewhere, str(elsewhere))

    assert obtained(project).returncode == 0

    assert contents_of(project / "artifact") == contents_of(elsewhere)


def test_another_digest_at_the_source_leaves_the_artifact_alone(project, elsewhere, regressor_folder, tmp_path):
    shutil.copytree(regressor_folder, project / "artifact")
    other = Path(shutil.copytree(elsewhere, tmp_path / "other"))
    manifest = json.loads((other / MANIFEST).read_bytes())
    (other / MANIFEST).write_text(json.dumps(manifest))
    choose(project, elsewhere, str(other))

    sentence = refusal(project)

    assert f"sha256:{digest_of(elsewhere)}" in sentence
    assert f"sha256:{digest_of(other)}" in sentence
    assert contents_of(project / "artifact") == contents_of(regressor_folder)


def test_a_file_that_the_manifest_does_not_know_is_refused(project, elsewhere):
    choose(project, elsewhere, str(elsewhere))
    (elsewhere / ESTIMATOR).write_bytes(b"another pickle")

    assert refusal(project).startswith(f"{ESTIMATOR} at {elsewhere} is sha256:")
    assert not (project / "artifact").exists()


def test_an_archive_writes_nothing_outside(project, elsewhere, tmp_path):
    (project / "wine.tar.gz").write_bytes(archive_of(elsewhere, below="../../../outside"))
    choose(project, elsewhere, "wine.tar.gz")

    assert refusal(project).startswith("wine.tar.gz cannot be unpacked: OutsideDestinationError")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08cut"], ids=["empty", "text", "cut"])
def test_a_broken_archive_is_refused(project, elsewhere, content):
    (project / "wine.tar.gz").write_bytes(content)
    choose(project, elsewhere, "wine.tar.gz")

    assert refusal(project).startswith("wine.tar.gz cannot be unpacked: ")


def test_an_archive_without_an_artifact_is_refused(project, elsewhere, tmp_path):
    (tmp_path / "empty").mkdir()
    (project / "wine.tar.gz").write_bytes(archive_of(tmp_path / "empty"))
    choose(project, elsewhere, "wine.tar.gz")

    assert refusal(project) == "wine.tar.gz contains no manifest.json."


def test_a_refused_request_names_the_file_of_secrets(project, elsewhere, server, tmp_path):
    server.put("/private", elsewhere)
    server.needed["private"] = "Bearer mine"
    choose(project, elsewhere, f"{server.url}/private")

    assert refusal(project) == (
        f"{server.url}/private/manifest.json cannot be fetched: the server answers 403 Forbidden; SOURCE_SECRETS can "
        "name a file with a token or a key, as docs/deploying.md shows."
    )
    assert refusal(project, SOURCE_SECRETS="nothing") == "nothing does not exist, but SOURCE_SECRETS names it."

    (tmp_path / "source.env").write_text("SOURCE_TOKEN=mine\n")
    assert obtained(project, SOURCE_SECRETS=str(tmp_path / "source.env")).returncode == 0


def test_a_token_does_not_follow_a_redirect(project, elsewhere, server):
    """The storage behind a registry is another host."""
    server.put("/storage", elsewhere)
    server.needed["private"] = "Bearer mine"
    server.moved = {f"/private/{name}": f"{server.url}/storage/{name}" for name in contents_of(elsewhere)}
    choose(project, elsewhere, f"{server.url}/private")

    assert obtained(project, SOURCE_TOKEN="mine").returncode == 0

    assert server.headers[f"/private/{MANIFEST}"] == "Bearer mine"
    assert server.headers[f"/storage/{MANIFEST}"] is None


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere", "/nowhere/manifest.json cannot be read: No such file or directory."),
        ("ftp://models/wine", "model/artifact.toml begins with ftp:, which docs/deploying.md does not list."),
        ("models:/wine", "a source in MLflow is models:/<name>/<version>, and MLFLOW_TRACKING_URI names the server."),
        ("http://127.0.0.1:9/wine", "9/wine/manifest.json cannot be fetched: [Errno 111] Connection refused."),
    ],
    ids=["folder", "scheme", "registry", "server"],
)  # fmt: skip
def test_an_unusable_source_is_named(project, elsewhere, source, sentence):
    choose(project, elsewhere, source)

    assert refusal(project).endswith(sentence)


def test_a_missing_object_is_named(project, elsewhere, bucket):
    choose(project, elsewhere, "s3://models/nothing")

    sentence = refusal(project, SOURCE_SECRETS=str(bucket))

    assert sentence.startswith("s3://models/nothing/manifest.json cannot be fetched: Object at location ")


def test_a_refused_object_names_the_file_of_secrets(project, elsewhere, server, bucket):
    choose(project, elsewhere, "s3://models/nothing")
    server.needed["models"] = "none"

    sentence = refusal(project, SOURCE_SECRETS=str(bucket))

    assert "403 Forbidden" in sentence
    assert sentence.endswith("; SOURCE_SECRETS can name a file with a token or a key, as docs/deploying.md shows.")


@pytest.fixture
def copy(tmp_path):
    return copy_of_repository(tmp_path)


def saved(copy: Path, folder: str = "artifact") -> None:
    subprocess.run(
        [sys.executable, "-c", SAVE, folder], cwd=copy, env=environment(), check=True, capture_output=True, text=True
    )


def made(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=copy, env=environment(), capture_output=True, text=True)


def test_packaging_into_the_projects_folder_names_the_model(project):
    saved(project)

    assert f'digest = "{digest_of(project / "artifact")}"\n' in (project / "model/artifact.toml").read_text()
    assert (obtained(project).returncode, obtained(project).stderr) == (0, "")


def test_packaging_elsewhere_names_nothing(project):
    saved(project, "other")

    assert not (project / "model/artifact.toml").exists()


def test_packaging_again_keeps_the_source(project, elsewhere):
    choose(project, elsewhere, "s3://models/{digest}")

    saved(project)

    chosen = (project / "model/artifact.toml").read_text()
    assert 'source = "s3://models/{digest}"\n' in chosen
    assert digest_of(project / "artifact") in chosen


def test_make_model_spares_a_model_that_is_named_but_not_here(copy, elsewhere):
    choose(copy, elsewhere)

    assert "artifact contains the model 'sizes'" in made(copy, "model").stderr

    assert made(copy, "model", "REPLACE=1").returncode == 0
    assert load(copy / "artifact").manifest.example
    assert not (copy / "model/artifact.toml").exists()


def test_make_serves_and_tests_the_named_model_or_nothing(copy, elsewhere):
    choose(copy, elsewhere)

    for target in ("serve", "dev", "test", "test-all"):
        run = made(copy, target, "PORT=0")

        assert run.returncode != 0
        assert run.stderr.startswith("model/artifact.toml names sizes 1.2 ")
        assert "tests" not in run.stdout


def test_the_artifact_is_of_the_project_wherever_packaging_runs(project):
    saved(project, os.path.relpath(project / "artifact", project))

    assert (project / "model/artifact.toml").exists()
