"""A loaded artifact runs compiled if the export passed and runs; otherwise scikit-learn runs it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import onnx
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression

from model.artifact import load
from model.artifact.files import COMPILED, ESTIMATOR, GOLDEN
from model.artifact.manifest import manifest_from_bytes
from model.errors import ArtifactError
from model.packaging import save
from model.schema.signature import Row

from .changes import flip_bit, leave_mark_when_opened, repackage, repackage_file
from .conftest import FRAME

ROW: Row = [2.0, "blue"]


def refusal_of(folder: Path) -> str:
    with pytest.raises(ArtifactError) as refused:
        load(folder, runtime="onnx")
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence


def test_runs_the_compiled_model_and_reports_the_comparison(folder):
    model = load(folder)

    assert model.runtime == "onnx"
    assert model.reason.startswith("its ONNX graph agrees with the estimator on 6 training, ")


def test_predicts_the_same_in_both_runtimes(folder):
    compiled, interpreted = load(folder, runtime="onnx"), load(folder, runtime="sklearn")

    (one,), (other,) = compiled.predict([ROW]), interpreted.predict([ROW])

    assert one["label"] == other["label"]
    assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-5)


def test_never_opens_the_pickle_of_a_compiled_model(folder):
    mark = leave_mark_when_opened(folder)

    assert load(folder).runtime == "onnx"

    assert not mark.exists()


def test_runs_scikit_learn_on_request(folder, caplog):
    model = load(folder, runtime="sklearn")

    assert (model.runtime, model.reason) == ("sklearn", "it was requested")
    assert caplog.messages == []


def of_another_opset(graph: bytes) -> bytes:
    model = onnx.load_model_from_string(graph)
    for opset in model.opset_import:
        opset.version = 999
    return bytes(model.SerializeToString())


def of_another_estimator(folder: Path) -> bytes:
    frame = FRAME[["size"]]
    save(LinearRegression().fit(frame, frame["size"]), frame, folder / "another")
    return (folder / "another" / COMPILED).read_bytes()


def damage_graph(folder: Path, how: str) -> str:
    """Returns the beginning of the message about it."""
    path = folder / COMPILED
    match how:
        case "missing":
            path.unlink()
            return f"{path} cannot be read: No such file or directory"
        case "a bit flipped":
            flip_bit(path, 100)
            return f"{path} is not the file that was packaged"
        case "not named":
            files = dict(manifest_from_bytes((folder / "manifest.json").read_bytes()).files)
            del files[COMPILED]
            repackage(folder, files=files)
            return f"{folder / 'manifest.json'} does not list {COMPILED}"
        case "no graph":
            repackage_file(folder, COMPILED, b"no graph")
        case "another opset":
            repackage_file(folder, COMPILED, of_another_opset(path.read_bytes()))
        case "another estimator":
            repackage_file(folder, COMPILED, of_another_estimator(folder.parent))
            return f"{folder / GOLDEN}: the golden rows cannot be predicted"
    return f"{path}: onnxruntime"


DAMAGES = ["missing", "a bit flipped", "not named", "no graph", "another opset", "another estimator"]


@pytest.mark.parametrize("how", DAMAGES)
def test_falls_back_to_scikit_learn_with_a_reason(folder, how, caplog):
    expected = damage_graph(folder, how)

    model = load(folder)

    assert model.runtime == "sklearn"
    assert model.reason.startswith(expected)
    assert caplog.record_tuples == [
        ("model.artifact.load", logging.WARNING, f"sizes runs on scikit-learn: {model.reason}"),
    ]
    assert model.predict([ROW])


@pytest.mark.parametrize("how", DAMAGES)
def test_refuses_a_broken_export_if_onnx_is_required(folder, how):
    expected = damage_graph(folder, how)

    assert refusal_of(folder).startswith(expected)


@pytest.fixture
def unconverted(tmp_path: Path) -> Path:
    frame = FRAME[["size"]]
    save(FrozenEstimator(LinearRegression().fit(frame, frame["size"])), frame, tmp_path / "unconverted")
    return tmp_path / "unconverted"


def test_runs_scikit_learn_without_a_compiled_model(unconverted, caplog):
    model = load(unconverted)

    assert model.runtime == "sklearn"
    assert f"{unconverted} contains no compiled model: skl2onnx has no converter for FrozenEstimator" in model.reason
    assert caplog.messages == []


def test_refuses_an_uncompiled_artifact_if_onnx_is_required(unconverted):
    assert "contains no compiled model: skl2onnx has no converter for FrozenEstimator" in refusal_of(unconverted)


def test_rounds_numbers_to_the_precision_of_the_training_column(tmp_path):
    frame = pd.DataFrame({"x": pd.Series([0.1, 0.2, 0.3, 0.4], dtype="float32")})
    save(LinearRegression().fit(frame, frame["x"] * 1e6), frame, tmp_path / "narrow")

    def value(runtime: Any) -> float:
        found: float = load(tmp_path / "narrow", runtime=runtime).predict([[1 / 3]])[0]["value"]
        return found

    assert value("onnx") == pytest.approx(value("sklearn"), rel=1e-8)


def test_the_compiled_model_needs_no_readable_pickle(folder):
    repackage_file(folder, ESTIMATOR, b"no pickle")

    assert load(folder).predict([ROW])
