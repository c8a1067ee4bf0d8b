"""What an estimator answers becomes what a client sees, or is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

from model.errors import BadPrediction
from model.prediction import Outputs, Prediction, Predictor, key_of, outputs_of
from model.signature import Row, infer_signature

from .estimators import Classifier, ProbabilisticClassifier, Regressor

FRAME = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]})
SIGNATURE = infer_signature(FRAME)
LOW: Row = [0.0]
HIGH: Row = [5.0]


def predictions(estimator: Any, rows: list[Row]) -> list[Prediction]:
    return Predictor(estimator, SIGNATURE, outputs_of(estimator)).predict(rows)


@pytest.mark.parametrize(
    ("low", "high", "keys"),
    [
        pytest.param("no", "yes", ["no", "yes"], id="strings"),
        pytest.param(0, 1, ["0", "1"], id="integers"),
        pytest.param(False, True, ["false", "true"], id="booleans"),
        pytest.param(0.0, 1.0, ["0.0", "1.0"], id="floats"),
    ],
)
def test_answers_labels_in_their_json_type_and_probabilities_under_their_json_text(low, high, keys):
    estimator = LogisticRegression().fit(FRAME, [low] * 3 + [high] * 3)

    answers = predictions(estimator, [LOW, HIGH])

    assert [json.dumps(answer["label"]) for answer in answers] == [json.dumps(low), json.dumps(high)]
    assert [list(answer["probabilities"]) for answer in answers] == [keys, keys]
    assert keys == [key_of(label) for label in (low, high)]


def test_answers_a_probability_for_each_of_many_classes():
    estimator = LogisticRegression().fit(FRAME, ["low", "low", "middle", "middle", "high", "high"])

    (answer,) = predictions(estimator, [LOW])

    assert answer["label"] == "low"
    assert list(answer["probabilities"]) == ["high", "low", "middle"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_answers_the_label_alone_where_the_classifier_has_no_probabilities():
    estimator = LinearSVC().fit(FRAME, [7, 7, 7, 9, 9, 9])

    assert outputs_of(estimator) == Outputs("classification", (7, 9), has_probabilities=False)
    assert predictions(estimator, [LOW, HIGH]) == [{"label": 7}, {"label": 9}]


def test_answers_a_value_for_a_regression():
    estimator = LinearRegression().fit(FRAME, 2 * FRAME["x"] + 1)

    assert outputs_of(estimator) == Outputs("regression")
    assert [answer["value"] for answer in predictions(estimator, [LOW, HIGH])] == pytest.approx([1.0, 11.0])


def test_answers_the_label_that_the_estimator_chose_even_if_another_is_likelier():
    estimator = ProbabilisticClassifier(["no", "yes"], ["yes"], [[0.75, 0.25]])

    assert predictions(estimator, [LOW]) == [{"label": "yes", "probabilities": {"no": 0.75, "yes": 0.25}}]


@pytest.mark.parametrize(
    ("classes", "answered", "label"),
    [
        ([0, 1], [1.0], 1),
        ([False, True], [1], True),
        ([0.0, 1.0], [1], 1.0),
    ],
    ids=["a float for an integer", "an integer for a boolean", "an integer for a float"],
)
def test_answers_the_trained_label_where_the_estimator_returns_its_equal(classes, answered, label):
    ((_, answer),) = predictions(Classifier(classes, answered), [LOW])[0].items()

    assert (answer, type(answer)) == (label, type(label))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([1.0, np.nan], id="NaN"),
        pytest.param([1.0, np.inf], id="infinity"),
        pytest.param([1.0, None], id="None"),
        pytest.param([1.0], id="too few"),
        pytest.param([1.0, 2.0, 3.0], id="too many"),
        pytest.param([[1.0], [2.0]], id="a column"),
        pytest.param(1.0, id="no list"),
    ],
)
def test_refuses_values_that_are_not_one_number_per_row(values):
    with pytest.raises(BadPrediction):
        predictions(Regressor(values), [LOW, HIGH])


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(["yes", "maybe"], id="a label that is unknown"),
        pytest.param(["yes", None], id="None"),
        pytest.param(["yes"], id="too few"),
        pytest.param(["yes", "no", "yes"], id="too many"),
        pytest.param([["yes"], ["no"]], id="a column"),
        pytest.param("yes", id="no list"),
    ],
)
def test_refuses_labels_that_are_not_one_class_per_row(labels):
    with pytest.raises(BadPrediction):
        predictions(Classifier(["no", "yes"], labels), [LOW, HIGH])


def test_refuses_a_label_that_is_nan():
    with pytest.raises(BadPrediction):
        predictions(Classifier([0.0, 1.0], [1.0, np.nan]), [LOW, HIGH])


@pytest.mark.parametrize(
    "probabilities",
    [
        pytest.param([[0.5, 0.5], [np.nan, 0.5]], id="NaN"),
        pytest.param([[0.5, 0.5]], id="too few rows"),
        pytest.param([[1.0], [1.0]], id="too few classes"),
        pytest.param([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]], id="too many classes"),
        pytest.param([0.5, 0.5], id="of one class only"),
    ],
)
def test_refuses_probabilities_that_are_not_one_per_class_and_row(probabilities):
    with pytest.raises(BadPrediction):
        predictions(ProbabilisticClassifier(["no", "yes"], ["no", "yes"], probabilities), [LOW, HIGH])
