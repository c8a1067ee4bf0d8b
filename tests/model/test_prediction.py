"""The estimator's arrays become predictions for clients, or are refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.multioutput import ClassifierChain
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from model.errors import BadPrediction
from model.packaging.infer_signature import infer_signature
from model.packaging.tasks import outputs_of
from model.runtime.prediction import Prediction, Predictor, key_of
from model.runtime.sklearn import FittedEstimator
from model.schema.outputs import Output
from model.schema.signature import Row

from .estimators import Classifier, ProbabilisticClassifier, Regressor

FRAME = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]})
SIGNATURE = infer_signature(FRAME)
LOW: Row = [0.0]
HIGH: Row = [5.0]

VALUE = Output()
TWO_VALUES = (Output(name="width"), Output(name="height"))


def predictions(estimator: Any, rows: list[Row]) -> list[Prediction]:
    """The predictions of a fitted estimator."""
    probabilities = estimator.predict_proba(FRAME) if hasattr(estimator, "predict_proba") else None
    outputs = outputs_of(estimator, estimator.predict(FRAME), probabilities)
    return Predictor(FittedEstimator(estimator, SIGNATURE, outputs), outputs).predict(rows)


def labelled(*labels: Any, has_probabilities: bool = False, name: str | None = None) -> Output:
    return Output(name=name, is_label=True, labels=labels, has_probabilities=has_probabilities)


def refusal_of(estimator: Any, *outputs: Output) -> str:
    with pytest.raises(BadPrediction) as refused:
        Predictor(FittedEstimator(estimator, SIGNATURE, outputs), outputs).predict([LOW, HIGH])
    return str(refused.value)


@pytest.mark.parametrize(
    ("low", "high", "keys"),
    [
        pytest.param("no", "yes", ["no", "yes"], id="strings"),
        pytest.param("nein", 'ja, "größer"', ['ja, "größer"', "nein"], id="unicode"),
        pytest.param(0, 1, ["0", "1"], id="integers"),
        pytest.param(False, True, ["false", "true"], id="booleans"),
        pytest.param(0.0, 1.0, ["0.0", "1.0"], id="floats"),
    ],
)
def test_labels_keep_their_type_and_probability_keys_are_json_text(low, high, keys):
    estimator = LogisticRegression().fit(FRAME, [low] * 3 + [high] * 3)

    answers = predictions(estimator, [LOW, HIGH])

    assert [json.dumps(answer["label"]) for answer in answers] == [json.dumps(low), json.dumps(high)]
    assert [list(answer["probabilities"]) for answer in answers] == [keys, keys]
    assert keys == sorted(key_of(label) for label in (low, high))


def test_returns_a_probability_for_each_class():
    estimator = LogisticRegression().fit(FRAME, ["low", "low", "middle", "middle", "high", "high"])

    (answer,) = predictions(estimator, [LOW])

    assert answer["label"] == "low"
    assert list(answer["probabilities"]) == ["high", "low", "middle"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_returns_only_the_label_without_probabilities():
    estimator = LinearSVC().fit(FRAME, [7, 7, 7, 9, 9, 9])

    assert predictions(estimator, [LOW, HIGH]) == [{"label": 7}, {"label": 9}]


def test_returns_a_value_for_a_regression():
    estimator = LinearRegression().fit(FRAME, 2 * FRAME["x"] + 1)

    assert [answer["value"] for answer in predictions(estimator, [LOW, HIGH])] == pytest.approx([1.0, 11.0])


def test_returns_a_value_for_a_column_target():
    estimator = LinearRegression().fit(FRAME, 2 * FRAME[["x"]] + 1)

    assert [answer["value"] for answer in predictions(estimator, [LOW, HIGH])] == pytest.approx([1.0, 11.0])


def test_returns_whether_a_row_is_an_outlier():
    estimator = IsolationForest(n_estimators=10, random_state=0).fit(FRAME)

    assert predictions(estimator, [[2.5], [1000.0]]) == [{"label": 1}, {"label": -1}]


def test_returns_the_number_of_the_cluster():
    estimator = KMeans(2, random_state=0).fit(FRAME)

    answers = predictions(estimator, [LOW, HIGH])

    assert sorted(json.dumps(answer) for answer in answers) == ['{"label": 0}', '{"label": 1}']


def test_returns_a_probability_for_each_cluster_of_a_mixture():
    estimator = GaussianMixture(2, random_state=0).fit(FRAME)

    (answer,) = predictions(estimator, [LOW])

    assert list(answer["probabilities"]) == ["0", "1"]
    assert answer["probabilities"][str(answer["label"])] > 0.5


def test_returns_several_values_by_name():
    estimator = Regressor([[1, 2.5], [3, 4.5]])

    assert Predictor(FittedEstimator(estimator, SIGNATURE, TWO_VALUES), TWO_VALUES).predict([LOW, HIGH]) == [
        {"outputs": {"width": {"value": 1.0}, "height": {"value": 2.5}}},
        {"outputs": {"width": {"value": 3.0}, "height": {"value": 4.5}}},
    ]


def test_returns_several_labels_without_probabilities():
    estimator = Regressor([["a", "x"], ["b", "y"]])
    outputs = labelled("a", "b", name="kind"), labelled("x", "y", name="size")

    assert Predictor(FittedEstimator(estimator, SIGNATURE, outputs), outputs).predict([LOW, HIGH]) == [
        {"outputs": {"kind": {"label": "a"}, "size": {"label": "x"}}},
        {"outputs": {"kind": {"label": "b"}, "size": {"label": "y"}}},
    ]


def test_returns_several_labels_with_probabilities():
    estimator = DecisionTreeClassifier().fit(FRAME, [["a", "x"]] * 2 + [["b", "y"]] * 2 + [["c", "y"]] * 2)

    assert predictions(estimator, [LOW]) == [
        {
            "outputs": {
                "y0": {"label": "a", "probabilities": {"a": 1.0, "b": 0.0, "c": 0.0}},
                "y1": {"label": "x", "probabilities": {"x": 1.0, "y": 0.0}},
            }
        }
    ]


def test_returns_a_probability_for_each_flag():
    estimator = ClassifierChain(DecisionTreeClassifier()).fit(FRAME, [[0, 1]] * 3 + [[1, 1]] * 2 + [[1, 0]])

    assert predictions(estimator, [HIGH]) == [
        {
            "outputs": {
                "y0": {"label": 1, "probabilities": {"0": 0.0, "1": 1.0}},
                "y1": {"label": 0, "probabilities": {"0": 1.0, "1": 0.0}},
            }
        }
    ]


def test_returns_the_predicted_label_even_if_another_is_likelier():
    estimator = ProbabilisticClassifier(["no", "yes"], ["yes"], [[0.75, 0.25]])
    outputs = [labelled("no", "yes", has_probabilities=True)]
    predictor = Predictor(FittedEstimator(estimator, SIGNATURE, outputs), outputs)

    assert predictor.predict([LOW]) == [{"label": "yes", "probabilities": {"no": 0.75, "yes": 0.25}}]


@pytest.mark.parametrize(
    ("labels", "answered", "label"),
    [
        ([0, 1], [1.0], 1),
        ([False, True], [1], True),
        ([0.0, 1.0], [1], 1.0),
        ([], [2.0], 2),
    ],
    ids=["a float for an integer", "an integer for a boolean", "an integer for a float", "a float for a cluster"],
)
def test_returns_the_training_label_for_an_equal_value(labels, answered, label):
    outputs = [labelled(*labels)]
    predictor = Predictor(FittedEstimator(Classifier(labels, answered), SIGNATURE, outputs), outputs)

    ((_, answer),) = predictor.predict([LOW])[0].items()

    assert (answer, type(answer)) == (label, type(label))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        pytest.param([1.0, np.nan], "a prediction is NaN or infinite", id="NaN"),
        pytest.param([1.0, np.inf], "a prediction is NaN or infinite", id="infinity"),
        pytest.param([1.0, None], "a prediction is NaN or infinite", id="None"),
        pytest.param([1.0], "predictions of shape (1,), expected 1 for each of 2 rows", id="too few"),
        pytest.param([1.0] * 3, "predictions of shape (3,), expected 1 for each of 2 rows", id="too many"),
        pytest.param([[1.0, 2.0]] * 2, "predictions of shape (2, 2), expected 1 for each of 2 rows", id="two columns"),
        pytest.param([[[1.0]]] * 2, "predictions of shape (2, 1, 1), expected 1 for each of 2 rows", id="a cube"),
        pytest.param(1.0, "predictions of shape (), expected 1 for each of 2 rows", id="not a list"),
    ],
)
def test_refuses_other_values_than_one_number_per_row(values, sentence):
    assert refusal_of(Regressor(values), VALUE) == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        pytest.param([[1.0, 2.0], [3.0, np.nan]], "a prediction is NaN or infinite", id="NaN"),
        pytest.param([[1.0, 2.0]], "predictions of shape (1, 2), expected 2 for each of 2 rows", id="too few rows"),
        pytest.param([[1.0]] * 2, "predictions of shape (2, 1), expected 2 for each of 2 rows", id="too few columns"),
        pytest.param([1.0, 2.0], "predictions of shape (2,), expected 2 for each of 2 rows", id="one column"),
    ],
)
def test_refuses_other_values_than_one_number_per_output_and_row(values, sentence):
    assert refusal_of(Regressor(values), *TWO_VALUES) == sentence


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(["yes", "maybe"], id="a label that is unknown"),
        pytest.param(["yes", None], id="None"),
        pytest.param(["yes"], id="too few"),
        pytest.param(["yes", "no", "yes"], id="too many"),
        pytest.param([["yes", "no"]] * 2, id="two columns"),
        pytest.param("yes", id="not a list"),
    ],
)
def test_refuses_other_labels_than_one_class_per_row(labels):
    refusal_of(Classifier(["no", "yes"], labels), labelled("no", "yes"))


def test_refuses_nan_as_a_label():
    refusal = refusal_of(Classifier([0.0, 1.0], [1.0, np.nan]), labelled(0.0, 1.0))

    assert refusal == "a label that the estimator was not trained on"


@pytest.mark.parametrize(
    "probabilities",
    [
        pytest.param([[0.5, 0.5], [np.nan, 0.5]], id="NaN"),
        pytest.param([[0.5, 0.5]], id="too few rows"),
        pytest.param([[1.0], [1.0]], id="too few classes"),
        pytest.param([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]], id="too many classes"),
        pytest.param([0.5, 0.5], id="a single class"),
    ],
)
def test_refuses_other_probabilities_than_one_per_class_and_row(probabilities):
    estimator = ProbabilisticClassifier(["no", "yes"], ["no", "yes"], probabilities)

    refusal_of(estimator, labelled("no", "yes", has_probabilities=True))
