"""`python -m model.train` as a user runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from model.artifact import load
from model.train import CATEGORIES, DATA, FEATURES, NUMBERS, TARGET

from ..services import ROOT


def trained(folder: Path, **variables: str) -> str:
    """The output of a training whose artifact is in `folder`."""
    command = [sys.executable, "-m", "model.train", str(folder)]
    environment = os.environ | variables
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def trained_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "artifact"
    trained(folder)
    return folder


def test_learns_from_344_penguins():
    header, *lines = DATA.read_text().splitlines()

    assert len(lines) == 344
    assert set(header.split(",")) == {TARGET, *FEATURES, "year"}


@pytest.mark.slow
def test_prints_held_out_scores_and_writes_a_loadable_artifact(tmp_path):
    printed = trained(tmp_path / "artifact")

    model = load(tmp_path / "artifact")
    assert printed.startswith("258 penguins trained on, 86 held out\n")
    assert model.manifest.metrics is not None
    scores = {name: f"{score:.4f}" for name, score in model.manifest.metrics.items()}
    assert dict(re.findall(r"^  (\w+) +([\d.]+)$", printed, re.MULTILINE)) == scores
    assert printed.endswith(f"{tmp_path / 'artifact'}: penguins {model.manifest.version}\n")


def test_the_scores_are_good(trained_artifact):
    metrics = load(trained_artifact).manifest.metrics

    assert metrics is not None
    assert metrics["accuracy"] > 0.95
    assert metrics["balanced_accuracy"] > 0.95


def test_replaces_the_model_of_another_training_only_if_asked(folder):
    command = [sys.executable, "-m", "model.train", str(folder)]
    before = load(folder).digest

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        f"{folder} contains the model 'sizes': `make model REPLACE=1` replaces it, ARTIFACT=other spares it.\n"
    )
    assert load(folder).digest == before

    subprocess.run(["make", "model", "REPLACE=1", f"ARTIFACT={folder}"], cwd=ROOT, check=True, capture_output=True)

    assert load(folder).manifest.name == "penguins"


def test_marks_the_artifact_as_the_example(trained_artifact):
    assert load(trained_artifact).manifest.example


@pytest.mark.slow
def test_training_again_writes_the_same_artifact(tmp_path, trained_artifact):
    # Seeds of the iteration order of sets of strings. With 30, skl2onnx lists its operator sets in another order.
    for seed in ("1", "30"):
        trained(tmp_path / seed, PYTHONHASHSEED=seed)

        assert load(tmp_path / seed).digest == load(trained_artifact).digest


def test_corrections_describe_every_feature(trained_artifact):
    features = {feature.name: feature for feature in load(trained_artifact).signature.features}

    assert list(features) == FEATURES
    assert {name for name, feature in features.items() if feature.kind == "category"} == set(CATEGORIES)
    assert {name for name, feature in features.items() if feature.unit and feature.minimum == 0} == set(NUMBERS)
    assert {name for name, feature in features.items() if feature.nullable} == {*NUMBERS, "sex"}


@pytest.mark.parametrize("sex", ["male", "female", None])
def test_predicts_a_penguin_of_known_species(trained_artifact, sex):
    (prediction,) = load(trained_artifact).predict([["Biscoe", 50.0, 16.3, 230.0, 5700.0, sex]])

    assert prediction["label"] == "Gentoo"
    assert prediction["probabilities"]["Gentoo"] > 0.95
