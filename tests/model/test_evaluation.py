"""Predictions are scored with the metrics of their task; a target of another kind is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from model.errors import EvaluationError
from model.packaging.evaluation import scores_of
from model.schema.outputs import Output

VALUE = Output()
LABEL = Output(is_label=True, labels=("no", "yes"))
PROBABLE = Output(is_label=True, labels=("no", "yes"), has_probabilities=True)
CLUSTER = Output(is_label=True)
OUTLIER = Output(is_label=True, labels=(-1, 1))


def target_of(*columns: Any) -> pd.DataFrame:
    return pd.DataFrame({f"y{index}": column for index, column in enumerate(columns)})


def refusal_of(*arguments: Any) -> str:
    with pytest.raises(EvaluationError) as refused:
        scores_of(*arguments)
    return str(refused.value)


def test_scores_a_regression_by_its_errors():
    scores = scores_of("regression", [VALUE], target_of([0.0, 2.0, 4.0, 6.0]), [0.0, 2.0, 4.0, 2.0])

    assert scores == {"r2": pytest.approx(0.2), "mean_absolute_error": 1.0, "root_mean_squared_error": 2.0}


def test_scores_a_classification_by_its_labels():
    scores = scores_of("classification", [LABEL], target_of(["no", "no", "no", "yes"]), ["no", "no", "no", "no"])

    assert scores == {"accuracy": 0.75, "balanced_accuracy": 0.5}


def test_scores_a_classification_by_its_probabilities():
    probabilities = [[0.5, 0.5], [0.5, 0.5]]

    scores = scores_of("classification", [PROBABLE], target_of(["no", "yes"]), ["no", "no"], probabilities)

    assert scores == {"accuracy": 0.5, "balanced_accuracy": 0.5, "log_loss": pytest.approx(np.log(2))}


@pytest.mark.parametrize(
    ("labels", "true"),
    [
        ((False, True), pd.Series([True, False])),
        ((False, True), pd.Series([1, 0])),
        ((0, 1), pd.Series([1.0, 0.0])),
        ((0.0, 1.0), pd.Series([1, 0], dtype="Int64")),
        (("0", "1"), pd.Series(["1", "0"], dtype="category")),
    ],
    ids=["booleans", "integers for booleans", "floats for integers", "integers for floats", "a pandas category"],
)
def test_accepts_labels_that_equal_the_estimators_labels(labels, true):
    output = Output(is_label=True, labels=labels)

    scores = scores_of("classification", [output], target_of(true), np.array(labels)[[1, 0]])

    assert scores == {"accuracy": 1.0, "balanced_accuracy": 1.0}


def test_skips_log_loss_with_a_single_label():
    output = Output(is_label=True, labels=("no",), has_probabilities=True)

    scores = scores_of("classification", [output], target_of(["no", "no"]), ["no", "no"], [[1.0], [1.0]])

    assert scores == {"accuracy": 1.0, "balanced_accuracy": 1.0}


def test_scores_outliers_by_their_labels():
    scores = scores_of("outlier_detection", [OUTLIER], target_of([1, 1, 1, -1]), np.array([1, 1, -1, -1]))

    assert scores == {"accuracy": 0.75, "balanced_accuracy": pytest.approx(5 / 6)}


@pytest.mark.parametrize("true", [["a", "a", "b", "b"], [7, 7, 3, 3], [True, True, False, False]], ids=str)
def test_cluster_scores_ignore_group_names(true):
    assert scores_of("clustering", [CLUSTER], target_of(true), np.array([1, 1, 0, 0])) == {"adjusted_rand": 1.0}


def test_scores_each_output_under_its_name():
    outputs = [Output(name="width"), Output(name="weight")]
    predicted = np.array([[1.0, 0.0], [2.0, 2.0]])

    scores = scores_of("regression", outputs, target_of([1.0, 2.0], [1.0, 3.0]), predicted)

    assert scores == {
        "width.r2": 1.0,
        "width.mean_absolute_error": 0.0,
        "width.root_mean_squared_error": 0.0,
        "weight.r2": 0.0,
        "weight.mean_absolute_error": 1.0,
        "weight.root_mean_squared_error": 1.0,
    }


@pytest.mark.parametrize(
    "probabilities",
    [
        pytest.param([[[1.0, 0.0], [0.5, 0.5]], [[0.5, 0.5], [0.0, 1.0]]], id="a table for each"),
        pytest.param(np.array([[0.0, 0.5], [0.5, 1.0]]), id="a column for each"),
    ],
)
def test_scores_each_label_output_by_its_probabilities(probabilities):
    outputs = [Output(name=name, is_label=True, labels=(0, 1), has_probabilities=True) for name in ("a", "b")]
    predicted = np.array([[0, 0], [1, 1]])

    scores = scores_of("classification", outputs, target_of([0, 1], [0, 1]), predicted, probabilities)

    assert scores == {
        "a.accuracy": 1.0,
        "a.balanced_accuracy": 1.0,
        "a.log_loss": pytest.approx(np.log(2) / 2),
        "b.accuracy": 1.0,
        "b.balanced_accuracy": 1.0,
        "b.log_loss": pytest.approx(np.log(2) / 2),
    }


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=str)
def test_ignores_rows_without_a_target(missing):
    target = target_of(pd.Series([0.0, missing, 4.0], dtype=object))

    assert scores_of("regression", [VALUE], target, [0.0, 1.0, 3.0])["mean_absolute_error"] == 0.5


def test_ignores_labels_and_probabilities_of_rows_without_a_target():
    probabilities = [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]
    target = target_of(["no", None, "yes"])

    scores = scores_of("classification", [PROBABLE], target, ["no", "yes", "yes"], probabilities)

    assert scores == {"accuracy": 1.0, "balanced_accuracy": 1.0, "log_loss": pytest.approx(np.log(2) / 2)}


def test_omits_scores_that_one_row_cannot_have():
    scores = scores_of("regression", [VALUE], target_of([2.0]), [1.0])

    assert scores == {"mean_absolute_error": 1.0, "root_mean_squared_error": 1.0}


UNKNOWN = "the target 'y0' contains labels that the estimator does not know; it knows"


@pytest.mark.parametrize(
    ("task", "output", "true", "predicted", "sentence"),
    [
        pytest.param(
            *("regression", VALUE, ["a", "b"], [1.0, 2.0]),
            "the target 'y0' contains values that are not numbers",
            id="strings instead of values",
        ),
        pytest.param(
            *("regression", VALUE, [{}, []], [1.0, 2.0]),
            "the target 'y0' contains values that are not numbers",
            id="objects instead of values",
        ),
        pytest.param(
            *("regression", VALUE, pd.to_datetime(["2026-11-21", "2026-11-22"]), [1.0, 2.0]),
            "the target 'y0' contains values that are not numbers",
            id="dates instead of values",
        ),
        pytest.param(
            *("regression", VALUE, [np.inf, 1.0], [1.0, 2.0]), "the target 'y0' contains infinity", id="infinity"
        ),
        pytest.param(
            *("regression", VALUE, [np.nan, None], [1.0, 2.0]), "the target 'y0' is missing in every row", id="nothing"
        ),
        pytest.param(
            *("classification", LABEL, ["yes", "maybe"], ["yes", "no"]), f"{UNKNOWN} 'no', 'yes'", id="another label"
        ),
        pytest.param(
            *("classification", LABEL, [0, 1], ["yes", "no"]),
            f"{UNKNOWN} 'no', 'yes'",
            id="integers instead of strings",
        ),
        pytest.param(
            *("classification", LABEL, [["yes"], ["no"]], ["yes", "no"]), f"{UNKNOWN} 'no', 'yes'", id="lists"
        ),
        pytest.param(*("outlier_detection", OUTLIER, [0, 1], [1, -1]), f"{UNKNOWN} -1, 1", id="0 for an outlier"),
        pytest.param(
            *("classification", Output(is_label=True, labels=tuple(range(99))), [100, 1], [0, 1]),
            f"{UNKNOWN} 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
            id="many labels",
        ),
    ],
)
def test_refuses_a_target_of_another_kind(task, output, true, predicted, sentence):
    assert refusal_of(task, [output], target_of(pd.Series(true)), predicted) == sentence


def test_refuses_a_target_with_the_wrong_number_of_columns():
    refusal = refusal_of("regression", [VALUE], target_of([1.0, 2.0], [1.0, 2.0]), [1.0, 2.0])

    assert refusal == "the target has 2 columns, but the estimator predicts 1"
