"""Outputs are inferred from the estimator and its predictions; what JSON cannot express is refused."""

from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from model.errors import EstimatorError, ManifestError
from model.packaging.tasks import outputs_of, task_of
from model.schema.outputs import Output, outputs_from_json

from .estimators import Classifier, Regressor

FRAME = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]})
TWO_LABELS = [[0, 1]] * 3 + [[1, 1]] * 2 + [[1, 0]]


def outputs(estimator: Any, names: list[Any] | None = None) -> tuple[Output, ...]:
    """The outputs of a fitted estimator."""
    probabilities = estimator.predict_proba(FRAME) if hasattr(estimator, "predict_proba") else None
    return outputs_of(estimator, estimator.predict(FRAME), probabilities, names)


def refusal_of(*arguments: Any) -> str:
    with pytest.raises(EstimatorError) as refused:
        outputs_of(*arguments)
    return str(refused.value)


def label(*labels: Any, name: str | None = None, has_probabilities: bool = True) -> Output:
    return Output(name=name, is_label=True, labels=labels, has_probabilities=has_probabilities)


@pytest.mark.parametrize(
    ("estimator", "task"),
    [
        pytest.param(LogisticRegression(), "classification", id="classifier"),
        pytest.param(LinearRegression(), "regression", id="regressor"),
        pytest.param(make_pipeline(StandardScaler(), LinearSVC()), "classification", id="pipeline"),
        pytest.param(GridSearchCV(KMeans(), {"n_clusters": [2]}), "clustering", id="search"),
        pytest.param(IsolationForest(), "outlier_detection", id="isolation forest"),
        pytest.param(LocalOutlierFactor(novelty=True), "outlier_detection", id="local outliers"),
        pytest.param(make_pipeline(StandardScaler(), KMeans()), "clustering", id="pipeline of a clusterer"),
        pytest.param(GaussianMixture(), "clustering", id="mixture"),
        pytest.param(BaseEstimator(), "regression", id="without a tag"),
        pytest.param(Regressor([]), "regression", id="without tags"),
        pytest.param(Classifier(["a"], []), "classification", id="without tags, with classes"),
    ],
)
def test_infers_the_task_of_an_estimator(estimator, task):
    assert task_of(estimator) == task


@pytest.mark.parametrize(
    ("target", "labels"),
    [
        pytest.param(["no", "yes"] * 3, ("no", "yes"), id="strings"),
        pytest.param(["größer", "\U0001f427", ""] * 2, ("", "größer", "\U0001f427"), id="unicode"),
        pytest.param(np.array(["no", "yes"] * 3, dtype=object), ("no", "yes"), id="objects that are strings"),
        pytest.param(pd.Series(["no", "yes"] * 3, dtype="category"), ("no", "yes"), id="a pandas category"),
        pytest.param([3, 1] * 3, (1, 3), id="integers"),
        pytest.param(np.array([3, -1] * 3, dtype="int8"), (-1, 3), id="numpy's integers"),
        pytest.param([True, False] * 3, (False, True), id="booleans"),
        pytest.param([2.0, 1.0] * 3, (1.0, 2.0), id="floats"),
        pytest.param(np.array([2.0, 1.0] * 3, dtype="float32"), (1.0, 2.0), id="numpy's floats"),
    ],
)
def test_keeps_labels_in_order_as_plain_values(target, labels):
    (output,) = outputs(RandomForestClassifier(2).fit(FRAME, target))

    assert output == label(*labels)
    assert [type(each) for each in output.labels] == [output.label_type] * len(labels)
    assert output.label_type in (str, int, bool, float)


@pytest.mark.parametrize(
    "classes",
    [
        pytest.param([np.str_("no"), np.str_("yes")], id="strings"),
        pytest.param([np.int64(1), np.int64(2)], id="integers"),
        pytest.param([np.bool_(False), np.bool_(True)], id="booleans"),
        pytest.param([2**63, 2**64 - 1], id="unsigned 64-bit integers"),
    ],
)
def test_converts_numpy_scalars_in_object_arrays(classes):
    estimator = Classifier([], [])
    estimator.classes_ = np.array(classes, dtype=object)

    (output,) = outputs_of(estimator, classes)

    assert json.loads(json.dumps(output.labels)) == classes


@pytest.mark.parametrize(
    "classes",
    [
        pytest.param(["a", 1], id="strings and integers"),
        pytest.param([1, 1.5], id="integers and floats"),
        pytest.param([True, 2], id="booleans and integers"),
        pytest.param(["a", None], id="None"),
        pytest.param([0.5, float("nan")], id="NaN"),
        pytest.param([0.5, float("inf")], id="infinity"),
        pytest.param([datetime.date(2026, 11, 21)], id="dates"),
        pytest.param([np.datetime64("2026-11-21")], id="numpy's dates"),
        pytest.param([1, 2**64], id="integers beyond 64 bits"),
        pytest.param(["a", "\ud800"], id="half a surrogate pair"),
        pytest.param([("a", 1)], id="tuples"),
    ],
)
def test_refuses_labels_that_json_cannot_express(classes):
    estimator = Classifier([], [])
    estimator.classes_ = classes

    assert refusal_of(estimator, np.array(["a"])) == (
        "Classifier has labels that are not all strings, all integers, all booleans or all finite floats"
    )


def test_infers_labels_without_probabilities():
    assert outputs(LinearSVC().fit(FRAME, [7, 9] * 3)) == (label(7, 9, has_probabilities=False),)


@pytest.mark.parametrize("target", [FRAME["x"], FRAME[["x"]]], ids=["values", "a column"])
def test_infers_a_value(target):
    assert outputs(LinearRegression().fit(FRAME, target)) == (Output(),)


@pytest.mark.parametrize("answer", [[True, False], [1, 2], [0.5, 1.5]], ids=["booleans", "integers", "floats"])
def test_accepts_any_number_as_a_value(answer):
    assert outputs_of(Regressor(answer), answer) == (Output(),)


def test_infers_the_labels_of_outliers():
    assert outputs(IsolationForest(n_estimators=2).fit(FRAME)) == (label(-1, 1, has_probabilities=False),)


def test_infers_integer_labels_for_clusters():
    (output,) = outputs(KMeans(2).fit(FRAME))

    assert output == label(has_probabilities=False)
    assert output.label_type is int


def test_lists_clusters_that_have_probabilities():
    assert outputs(GaussianMixture(3).fit(FRAME)) == (label(0, 1, 2),)


def test_infers_several_values():
    estimator = LinearRegression().fit(FRAME, [[1.0, 2.0, 3.0]] * 6)

    assert outputs(estimator) == (Output(name="y0"), Output(name="y1"), Output(name="y2"))


def test_infers_several_labels_from_lists_of_probabilities():
    target = [["a", "x"]] * 2 + [["b", "y"]] * 2 + [["c", "y"]] * 2

    assert outputs(RandomForestClassifier(2, bootstrap=False).fit(FRAME, target)) == (
        label("a", "b", "c", name="y0"),
        label("x", "y", name="y1"),
    )
    assert outputs(MultiOutputClassifier(LogisticRegression()).fit(FRAME, target)) == (
        label("a", "b", "c", name="y0"),
        label("x", "y", name="y1"),
    )


@pytest.mark.parametrize(
    "estimator",
    [ClassifierChain(LogisticRegression()), OneVsRestClassifier(LogisticRegression())],
    ids=["a chain", "one against the rest"],
)
def test_infers_several_flags_from_a_table_of_probabilities(estimator):
    assert outputs(estimator.fit(FRAME, np.array(TWO_LABELS))) == (label(0, 1, name="y0"), label(0, 1, name="y1"))


def test_infers_several_flags_without_probabilities():
    assert outputs(RidgeClassifier().fit(FRAME, TWO_LABELS)) == (
        label(0, 1, name="y0", has_probabilities=False),
        label(0, 1, name="y1", has_probabilities=False),
    )


def test_names_outputs_after_the_target_columns():
    names = ["a/b~c", "größe"]

    assert [output.name for output in outputs(RandomForestClassifier(2).fit(FRAME, TWO_LABELS), names)] == names


def test_a_single_output_has_no_name():
    assert outputs(LinearRegression().fit(FRAME, FRAME["x"]), ["price"]) == (Output(),)


@pytest.mark.parametrize(
    "names",
    [["a", "a"], ["a", ""], ["a", 1], [0, 1], ["a", None], ["a", "\ud800"]],
    ids=["a name twice", "an empty name", "a number", "numbers", "None", "half a surrogate pair"],
)
def test_refuses_names_that_cannot_be_keys(names):
    refusal = refusal_of(Regressor([]), [[1.0, 2.0]], None, names)

    assert refusal == f"2 outputs need as many different, non-empty names, not {names}"


@pytest.mark.parametrize(
    ("predicted", "names", "n_outputs"), [([[1.0, 2.0]], ["a"], 2), ([1.0], ["a", "b"], 1)], ids=["less", "more"]
)
def test_refuses_a_wrong_number_of_names(predicted, names, n_outputs):
    refusal = refusal_of(Regressor([]), predicted, None, names)

    assert refusal == f"the target's columns are {names}, but Regressor predicts {n_outputs}"


class ClassifierWithoutClasses(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    pass


@pytest.mark.parametrize(
    ("estimator", "predicted", "sentence"),
    [
        (Regressor([]), ["a"], "Regressor does not predict numbers and has no classes_ with labels"),
        (Regressor([]), [None], "Regressor does not predict numbers and has no classes_ with labels"),
        (Regressor([]), [[[1.0]]], "Regressor predicts an array of 3 dimensions instead of a table"),
        (Regressor([]), 1.0, "Regressor predicts an array of 0 dimensions instead of a table"),
        (
            ClassifierWithoutClasses(),
            ["a"],
            "ClassifierWithoutClasses is a classifier but has no classes_ with labels",
        ),
    ],
    ids=["strings for values", "objects for values", "a cube", "a number", "a classifier without classes"],
)
def test_refuses_predictions_that_are_neither_values_nor_labels(estimator, predicted, sentence):
    assert refusal_of(estimator, predicted) == sentence


@pytest.mark.parametrize(
    "written",
    [
        pytest.param((Output(),), id="a value"),
        pytest.param((label(False, True),), id="a label"),
        pytest.param((label(has_probabilities=False),), id="a cluster"),
        pytest.param((label("a", "b", name="a/b"), label(0.5, 1.0, name="é"), Output(name="value")), id="several"),
    ],
)
def test_survive_a_round_trip_through_json(written):
    read = outputs_from_json(json.loads(json.dumps([output.to_json() for output in written])))

    assert read == written
    assert [output.label_type for output in read] == [output.label_type for output in written]


VALUE, LABEL = json.loads(json.dumps([Output().to_json(), label("a", "b").to_json()]))


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param(None, id="nothing"),
        pytest.param({}, id="an object"),
        pytest.param([], id="an empty list"),
        pytest.param(["a"], id="only a name"),
        pytest.param([{**VALUE, "task": "regression"}], id="an unknown field"),
        *(
            pytest.param([{name: LABEL[name] for name in LABEL if name != field}], id=f"without {field}")
            for field in LABEL
        ),
        pytest.param([{**LABEL, "is_label": 1}], id="a number for is_label"),
        pytest.param([{**LABEL, "has_probabilities": None}], id="null for has_probabilities"),
        pytest.param([{**LABEL, "labels": None}], id="null for labels"),
        pytest.param([{**LABEL, "labels": "ab"}], id="a string of labels"),
        pytest.param([{**LABEL, "labels": ["a", 1]}], id="labels of two types"),
        pytest.param([{**LABEL, "labels": [["a"]]}], id="lists for labels"),
        pytest.param([{**LABEL, "labels": [None]}], id="null for a label"),
        pytest.param([{**LABEL, "labels": []}], id="probabilities without labels"),
        pytest.param([{**LABEL, "is_label": False}], id="labels of a value"),
        pytest.param([{**VALUE, "has_probabilities": True}], id="probabilities of a value"),
        pytest.param([{**VALUE, "name": 1}], id="a number for a name"),
        pytest.param([{**VALUE, "name": []}], id="a list for a name"),
        pytest.param([VALUE, VALUE], id="two without names"),
        pytest.param([{**VALUE, "name": "a"}, VALUE], id="one of two without a name"),
        pytest.param([{**VALUE, "name": "a"}, {**VALUE, "name": "a"}], id="a name twice"),
        pytest.param([{**VALUE, "name": "a"}, {**VALUE, "name": ""}], id="an empty name"),
    ],
)
def test_refuses_invalid_json(documents):
    with pytest.raises(ManifestError, match=r"^has no valid 'outputs'$"):
        outputs_from_json(documents)
