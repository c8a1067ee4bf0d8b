"""The parity gate: an export passes only if it agrees with its estimator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from model.artifact.files import COMPILED
from model.artifact.parity import PARITY, Parity
from model.onnx_export import parity_gate
from model.onnx_export.probing import perturbed_rows, threshold_rows
from model.packaging import save
from model.packaging.infer_signature import infer_signature
from model.runtime.inputs import rows_of

CANCER, IS_BENIGN = load_breast_cancer(return_X_y=True, as_frame=True)
DIABETES, PROGRESSION = load_diabetes(return_X_y=True, as_frame=True)

INDEX = pd.RangeIndex(150).to_series()
MIXED = pd.DataFrame(
    {
        "colour": INDEX.map(lambda i: ["red", "blue", None][i % 3]),
        "width": (INDEX * 7 % 31 / 3).where(INDEX % 8 > 0),
        "count": INDEX % 11,
        "is_new": INDEX % 5 == 0,
    }
)
SIZED = MIXED.assign(size=pd.Categorical(["S", "M"] * 75, categories=["S", "M", "L"]))
KIND = ((INDEX * 7 % 31 > 12) ^ (INDEX % 3 == 0)).map({True: "good", False: "bad"})
NUMBERS = ["width", "count", "is_new"]


def parity_of(folder: Path, estimator: Any, X: Any, y: Any = None) -> Parity:  # noqa: N803
    parity = save(estimator, X, folder / "artifact", y).parity
    assert (folder / "artifact" / COMPILED).exists() == parity.passed
    return parity


def of_mixed_columns(encoder: Any, classifier: Any) -> Any:
    encoded = make_pipeline(SimpleImputer(strategy="most_frequent"), encoder)
    columns = make_column_transformer(
        (encoded, ["colour"]), (make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS)
    )
    return make_pipeline(columns, classifier).fit(MIXED, KIND)


@pytest.mark.parametrize(
    ("estimator", "X"),
    [
        pytest.param(
            make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=0)).fit(CANCER, IS_BENIGN),
            CANCER,
            id="a scaled forest",
        ),
        pytest.param(
            make_pipeline(StandardScaler(), GradientBoostingClassifier(random_state=0)).fit(CANCER, IS_BENIGN),
            CANCER,
            id="scaled gradient boosting",
        ),
        pytest.param(
            of_mixed_columns(OneHotEncoder(), HistGradientBoostingClassifier(max_iter=20)),
            MIXED,
            id="boosted trees on mixed columns, one-hot",
        ),
        pytest.param(
            make_pipeline(
                make_column_transformer((OrdinalEncoder(), ["colour"]), remainder="passthrough"),
                HistGradientBoostingClassifier(max_iter=20),
            ).fit(MIXED, KIND),
            MIXED,
            id="boosted trees on mixed columns with missing values",
        ),
        pytest.param(of_mixed_columns(OneHotEncoder(), LogisticRegression()), MIXED, id="a linear model"),
        pytest.param(
            of_mixed_columns(OneHotEncoder(drop="first"), HistGradientBoostingClassifier(max_iter=20)),
            MIXED,
            id="a category left out",
        ),
        pytest.param(
            make_pipeline(
                make_column_transformer(
                    (OneHotEncoder(handle_unknown="ignore"), ["colour", "width", "is_new"]), remainder="passthrough"
                ),
                LogisticRegression(),
            ).fit(MIXED, KIND),
            MIXED,
            id="one-hot floats, booleans and nulls",
        ),
        pytest.param(
            make_pipeline(
                make_column_transformer(
                    (
                        make_pipeline(
                            SimpleImputer(strategy="constant", fill_value="none"),
                            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
                        ),
                        ["colour", "size"],
                    ),
                    remainder="drop",
                ),
                Ridge(),
            ).fit(SIZED, INDEX),
            SIZED,
            id="ordinal codes of categories that only the imputer or only the signature knows",
        ),
        pytest.param(
            RandomForestRegressor(20, random_state=0).fit(DIABETES.to_numpy(), PROGRESSION),
            DIABETES.to_numpy(),
            id="a forest of values on an array",
        ),
        pytest.param(
            HistGradientBoostingRegressor(max_iter=20).fit(DIABETES, PROGRESSION), DIABETES, id="boosted values"
        ),
        pytest.param(
            HistGradientBoostingRegressor(max_iter=20, loss="poisson").fit(DIABETES, PROGRESSION),
            DIABETES,
            id="boosted counts",
        ),
        pytest.param(
            Ridge().fit(DIABETES, pd.DataFrame({"y": PROGRESSION, "z": -PROGRESSION})), DIABETES, id="two values"
        ),
    ],
)
def test_accepts_an_export_that_agrees_on_every_row(tmp_path, estimator, X):  # noqa: N803
    parity = parity_of(tmp_path, estimator, X)

    assert parity.passed, parity.finding
    assert parity.rows["training"] == len(X)
    assert parity.rows["perturbed"] == 1000
    assert parity.rows["threshold"] > 100
    assert parity.differing_labels == 0
    assert parity.largest_difference is not None
    assert parity.largest_difference <= PARITY


def test_does_not_convert_text_vectorizers(tmp_path):
    texts = [f"{word} {index}" for index in range(30) for word in ("good", "bad")]
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [1, 0] * 30)

    assert parity_of(tmp_path, estimator, texts).finding == "text features are not compiled"


COLOURS = MIXED[["colour", "count"]].fillna("none")
FEW_CATEGORIES = OneHotEncoder(min_frequency=0.5, handle_unknown="ignore")


@pytest.mark.parametrize(
    ("estimator", "data", "finding"),
    [
        pytest.param(
            FrozenEstimator(of_mixed_columns(OneHotEncoder(), LogisticRegression())),
            MIXED,
            "FrozenEstimator takes categories: encode them with OneHotEncoder or OrdinalEncoder in front of it",
            id="categories before a step that is not converted",
        ),
        pytest.param(
            make_pipeline(
                make_column_transformer((StandardScaler(), ["count"]), remainder="passthrough"),
                OneHotEncoder(handle_unknown="ignore"),
                Ridge(),
            ).fit(COLOURS, INDEX),
            COLOURS,
            "the step 'remainder' passes categories on as they are: encode them with OneHotEncoder or OrdinalEncoder",
            id="passthrough of categories",
        ),
        pytest.param(
            make_pipeline(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), Ridge()).fit(
                COLOURS, INDEX
            ),
            COLOURS,
            "OrdinalEncoder takes categories and other columns: give it the categories alone",
            id="ordinal codes of numbers",
        ),
        pytest.param(
            make_pipeline(FEW_CATEGORIES, Ridge()).fit(COLOURS, INDEX),
            COLOURS,
            "OneHotEncoder is not compiled with min_frequency or max_categories: leave them out",
            id="infrequent categories",
        ),
        pytest.param(
            FrozenEstimator(Ridge().fit(DIABETES, PROGRESSION)),
            DIABETES,
            "skl2onnx has no converter for FrozenEstimator: another step in its place may have one",
            id="a step without a converter",
        ),
    ],
)
def test_names_the_step_that_cannot_be_compiled_and_the_remedy(tmp_path, estimator, data, finding):
    parity = parity_of(tmp_path, estimator, data)

    assert parity.finding == finding
    assert parity.rows == {}


def test_does_not_accept_a_graph_that_takes_too_much_memory(tmp_path):
    frame = pd.DataFrame({"x": np.arange(150_000.0)})
    estimator = KNeighborsRegressor().fit(frame, frame["x"])

    assert parity_of(tmp_path, estimator, frame[:10]).finding == "a call of 1000 rows takes more than 1 GiB"


def test_stops_comparing_when_it_takes_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(parity_gate, "MAX_SECONDS", -1)

    finding = parity_of(tmp_path, Ridge().fit(DIABETES, PROGRESSION), DIABETES).finding

    assert finding == "it took longer than -1 s"


def test_rejects_an_export_that_only_training_rows_can_check(tmp_path):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 1.0]})
    estimator = make_pipeline(OneHotEncoder(), Ridge()).fit(frame, frame["x"])

    assert parity_of(tmp_path, estimator, frame).finding.startswith("it predicts only the rows of the data: let its ")


def test_catches_a_tuned_threshold_that_converts_to_other_labels(tmp_path):
    classifier = make_pipeline(StandardScaler(), LogisticRegression())
    tuned = TunedThresholdClassifierCV(classifier, scoring="recall", cv=2).fit(CANCER, IS_BENIGN == 0)

    manifest = save(tuned, CANCER, tmp_path / "artifact")

    assert not manifest.parity.passed
    assert manifest.parity.differing_labels > 0
    assert "labels differently" in manifest.parity.finding
    assert not manifest.labels_are_likeliest
    assert COMPILED not in manifest.files


def test_threshold_rows_reveal_a_float32_graph():
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=0)).fit(CANCER, IS_BENIGN)
    converted = convert_sklearn(
        forest,
        initial_types=[("X", FloatTensorType([None, CANCER.shape[1]]))],
        options={id(forest): {"zipmap": False}},
    )
    session = onnxruntime.InferenceSession(converted.SerializeToString(), providers=["CPUExecutionProvider"])
    signature = infer_signature(CANCER)
    training = rows_of(CANCER, signature)

    def differing(rows: list[list[Any]]) -> int:
        array = np.array(rows)
        (probabilities,) = session.run(["probabilities"], {"X": array.astype(np.float32)})
        expected = forest.predict_proba(pd.DataFrame(array, columns=CANCER.columns))
        return int((abs(probabilities - expected) > PARITY).any(axis=1).sum())

    at_thresholds = threshold_rows(
        training,
        signature,
        lambda rows: forest.predict_proba(pd.DataFrame(rows, columns=CANCER.columns)),
        np.random.default_rng(0),
    )

    assert differing(training) == 0
    assert differing(at_thresholds) > 10


def test_tries_only_rows_that_the_signature_allows():
    corrections: dict[str, dict[str, Any]] = {"width": {"minimum": 0, "maximum": 11}, "count": {"minimum": 0}}
    signature = infer_signature(MIXED, corrections)

    rows = perturbed_rows(rows_of(MIXED, signature), signature, np.random.default_rng(0))

    colours, widths, counts, flags = map(set, zip(*rows, strict=True))
    assert colours == {"red", "blue", None}
    assert None in widths
    assert all(0 <= width <= 11 for width in widths - {None})
    assert all(type(count) is int and count >= 0 for count in counts)
    assert flags == {True, False}


def test_skips_rows_that_the_estimator_cannot_predict(tmp_path):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "floors": [1, 2, 3, 1, 2, 3]})
    columns = make_column_transformer((OneHotEncoder(), ["floors"]), remainder="passthrough")
    estimator = make_pipeline(columns, Ridge()).fit(frame, frame["x"])

    parity = parity_of(tmp_path, estimator, frame)

    assert parity.passed, parity.finding
    assert 100 < parity.rows["perturbed"] < 1000
