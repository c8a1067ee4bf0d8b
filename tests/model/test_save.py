"""A fitted estimator and its data become an artifact; an unservable one is refused, and nothing is written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import IsolationForest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from model.artifact import load
from model.artifact.files import COMPILED, ESTIMATOR, EXAMPLE, GOLDEN, MANIFEST
from model.errors import ArtifactExists, EstimatorError, EvaluationError, SignatureError
from model.packaging import save
from model.packaging.save import GOLDEN_ROWS

from .conftest import FRAME
from .estimators import (
    CatBoostLike,
    Classifier,
    IndexRegressor,
    ProbabilisticClassifier,
    RaisingRegressor,
    Regressor,
    UnopenableRegressor,
    UnpicklableRegressor,
)

FILES = [MANIFEST, ESTIMATOR, GOLDEN, EXAMPLE, COMPILED]


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def golden_of(folder: Path) -> Any:
    return json.loads((folder / GOLDEN).read_bytes())


OPEN_AND_PRINT_IMPORTS = """
import sys, joblib
modules = set()
sys.addaudithook(lambda event, details: modules.add(details[0]) if event == "pickle.find_class" else None)
joblib.load(sys.argv[1])
print(*sorted(modules))
"""


def test_lists_every_module_that_the_pickle_imports(folder):
    command = [sys.executable, "-c", OPEN_AND_PRINT_IMPORTS, str(folder / ESTIMATOR)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert list(load(folder).manifest.modules) == printed.split()


def test_saving_again_gives_the_same_digest(tmp_path, classifier):
    for attempt in ("first", "second"):
        save(classifier, FRAME, tmp_path / attempt, name="sizes")

    assert load(tmp_path / "first").digest == load(tmp_path / "second").digest


def test_different_content_gives_another_version(tmp_path, classifier):
    first = save(classifier, FRAME, tmp_path / "artifact", name="sizes")
    second = save(classifier, FRAME[::-1], tmp_path / "artifact", name="sizes", replace=True)

    assert first.version != second.version


def test_the_folder_is_the_default_name(tmp_path, classifier):
    manifest = save(classifier, FRAME, str(tmp_path / "sizes"))

    assert manifest.name == "sizes"
    assert manifest.version.startswith("1-")
    assert load(tmp_path / "sizes").manifest == manifest


def test_stores_the_predictions_of_the_golden_rows(folder):
    golden = golden_of(folder)

    assert golden["rows"] == FRAME.to_numpy().tolist()
    assert golden["predictions"] == load(folder, runtime="sklearn").predict(golden["rows"])


def test_spreads_golden_rows_evenly_over_the_data(tmp_path):
    frame = pd.DataFrame({"x": range(100)})

    save(DummyRegressor().fit(frame, frame["x"]), frame, tmp_path / "artifact")

    chosen = [x for (x,) in golden_of(tmp_path / "artifact")["rows"]]
    steps = {later - earlier for earlier, later in pairwise(chosen)}
    assert len(chosen) == GOLDEN_ROWS
    assert (chosen[0], chosen[-1], steps) == (0, 99, {6, 7})


def test_creates_parent_folders(tmp_path, classifier):
    folder = tmp_path / "models" / "sizes" / "artifact"

    save(classifier, FRAME, folder)

    assert load(folder).manifest.name == "artifact"


def test_does_not_overwrite_an_artifact(folder, classifier):
    before = contents_of(folder.parent)

    with pytest.raises(ArtifactExists) as refused:
        save(classifier, FRAME, folder, version="1.3")

    assert str(refused.value) == f"{folder} already exists"
    assert contents_of(folder.parent) == before


def test_replaces_an_older_artifact_completely(folder, classifier):
    (folder / "left from before").touch()
    shutil.copytree(folder, folder.with_name(folder.name + ".new"))

    save(classifier, FRAME, folder, version="1.3", replace=True)

    assert load(folder).manifest.version.startswith("1.3-")
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert sorted(contents_of(folder)) == sorted(FILES)


SIZES = FRAME[["size"]]
TARGET = pd.Series([0.0, 200.0, 400.0, 600.0, 800.0, 1000.0], name="price")
LABELS = ["small", "small", "medium", "medium", "large", "large"]
NAN, INFINITY = float("nan"), float("inf")


def linear(data: Any = SIZES, target: Any = TARGET) -> Any:
    return LinearRegression().fit(data, target)


def one_hot(data: pd.DataFrame) -> Any:
    return make_pipeline(OneHotEncoder(), LogisticRegression()).fit(data, LABELS)


def by_value(name: str) -> Any:
    """A function as cloudpickle restores it from a notebook: `__main__` does not have it."""
    function = FunctionType((lambda values: values).__code__, {}, name)
    function.__module__, function.__qualname__ = "__main__", name
    return function


CITIES = pd.DataFrame({"city": [f"city {index}" for index in range(60)]})
COLOURS = pd.DataFrame({"colour": pd.Categorical(FRAME["colour"], ["red", "blue", "green"])})

REFUSED = [
    pytest.param(
        StandardScaler(), SIZES, {}, "StandardScaler has no predict: there is nothing to serve", id="no predict"
    ),
    pytest.param(None, SIZES, {}, "NoneType has no predict: there is nothing to serve", id="None"),
    pytest.param(LinearRegression, SIZES, {}, "LinearRegression is a class: pass a fitted instance", id="a class"),
    pytest.param(
        {"columns": ["size"], "model": linear()},
        SIZES,
        {},
        "dict has no predict: there is nothing to serve; the object under 'model' has one: pass that object",
        id="a dict with an estimator",
    ),
    pytest.param(
        {"a": 1}, SIZES, {}, "dict has no predict: there is nothing to serve", id="a dict without an estimator"
    ),
    pytest.param(LinearRegression(), SIZES, {}, "LinearRegression is not fitted: call fit first", id="not fitted"),
    pytest.param(
        make_pipeline(StandardScaler(), LogisticRegression()),
        SIZES,
        {},
        "Pipeline is not fitted: call fit first",
        id="a pipeline that is not fitted",
    ),
    pytest.param(
        linear(),
        FRAME,
        {},
        "LinearRegression was fitted on other columns: it does not know 'colour'",
        id="other columns",
    ),
    pytest.param(
        RaisingRegressor([]),
        SIZES,
        {},
        "RaisingRegressor cannot predict these data: OSError: no luck",
        id="an estimator that raises",
    ),
    pytest.param(
        Regressor([1.0, 2.0]),
        SIZES,
        {},
        "Regressor predicts an array of shape (2,) for 6 rows",
        id="too few predictions",
    ),
    pytest.param(Regressor(1.0), SIZES, {}, "Regressor predicts an array of shape () for 6 rows", id="one number"),
    pytest.param(
        Regressor([1.0, 2.0, 3.0, NAN, 5.0, INFINITY]),
        SIZES,
        {},
        "Regressor predicts NaN or infinity for 2 of 6 rows, first for row 3",
        id="NaN and infinity",
    ),
    pytest.param(
        Regressor([[1.0, 2.0]] * 5 + [[1.0, NAN]]),
        SIZES,
        {},
        "Regressor predicts NaN or infinity for 1 of 6 rows, first for row 5",
        id="NaN in one of two outputs",
    ),
    pytest.param(
        ProbabilisticClassifier(["a", "b"], ["a"] * 6, [[NAN, 0.0]] * 2 + [[0.5, 0.5]] * 4),
        SIZES,
        {},
        "ProbabilisticClassifier predicts NaN or infinity for 2 of 6 rows, first for row 0",
        id="NaN for a probability",
    ),
    pytest.param(
        Regressor(["a"] * 6),
        SIZES,
        {},
        "Regressor does not predict numbers and has no classes_ with labels",
        id="strings instead of values",
    ),
    pytest.param(
        Classifier([[1], [2]], ["a"] * 6),
        SIZES,
        {},
        "Classifier has labels that are not all strings, all integers, all booleans or all finite floats",
        id="labels that are lists",
    ),
    pytest.param(
        Classifier(["a"], ["b"] * 6),
        SIZES,
        {},
        "the estimator's predictions cannot be served: a label that the estimator was not trained on",
        id="an unknown label",
    ),
    pytest.param(
        IndexRegressor([]),
        SIZES.set_axis(range(10, 16)),
        {},
        "row 0 is predicted differently when its values come from JSON",
        id="different predictions from JSON",
    ),
    pytest.param(
        one_hot(COLOURS[["colour"]]),
        COLOURS,
        {},
        "the signature allows the category 'green' for the feature 'colour', which is not in the data, "
        "and the estimator fails on it: ValueError: Found unknown categories ['green'] in column 0 during transform",
        id="a category that is not in the data",
    ),
    pytest.param(
        linear(),
        SIZES,
        {"corrections": {"size": {"nullable": True}}},
        "the signature allows null for the feature 'size', which is not in the data, and the estimator fails on it: "
        "ValueError: Input X contains NaN. LinearRegression does not accept missing values encoded as NaN natively.",
        id="null that is not in the data",
    ),
    pytest.param(
        make_pipeline(OneHotEncoder(), LinearRegression()).fit(CITIES, np.arange(60.0)),
        CITIES,
        {},
        "the signature allows any text for the feature 'city', which is not in the data, and the estimator fails on it"
        ": ValueError: Found unknown categories ['a text that is in no data'] in column 0 during transform",
        id="texts that are not in the data",
    ),
    pytest.param(
        UnpicklableRegressor([1.0] * 6),
        SIZES,
        {},
        "UnpicklableRegressor cannot be pickled: TypeError: it holds a lock",
        id="unpicklable",
    ),
    pytest.param(
        UnopenableRegressor([1.0] * 6),
        SIZES,
        {},
        "UnopenableRegressor can be pickled, but its pickle cannot be opened: ValueError: invalid literal for int()",
        id="a pickle that cannot be opened",
    ),
    pytest.param(
        make_pipeline(FunctionTransformer(by_value("double")), LinearRegression()).fit(SIZES, TARGET),
        SIZES,
        {},
        "'double' was defined in __main__, a script or a notebook, where nothing else can import it: move it into ",
        id="a function of a notebook",
    ),
    pytest.param(
        make_pipeline(TfidfVectorizer(analyzer="char"), LinearRegression()).fit(["a", "b", "c\ud800"], [1.0, 2.0, 3.0]),
        ["a", "b", "c\ud800"],
        {},
        "the data contain half of a surrogate pair, which JSON cannot express",
        id="half a surrogate pair",
    ),
    pytest.param(
        linear(), SIZES, {"y": TARGET[1:]}, "the target has 5 rows, but the data have 6", id="a shorter target"
    ),
    pytest.param(
        linear(),
        SIZES,
        {"y": "price"},
        "the target has 0 dimensions: pass one or more values for each row",
        id="a name for the target",
    ),
    pytest.param(
        linear(),
        SIZES,
        {"y": [[1.0, 2.0]] * 6},
        "the target's columns are ['y0', 'y1'], but LinearRegression predicts 1",
        id="a target of two columns",
    ),
    pytest.param(
        linear(target=[[1.0, 2.0]] * 6),
        SIZES,
        {"y": TARGET},
        "the target's columns are ['price'], but LinearRegression predicts 2",
        id="a target of one column of two",
    ),
    pytest.param(
        linear(),
        SIZES,
        {"y": LABELS, "metrics": {"r2": 1.0}},
        "the target 'target' contains values that are not numbers",
        id="a target of another kind, despite given scores",
    ),
    pytest.param(
        linear(), SIZES, {"metrics": {"r2": NAN}}, "the score 'r2' is not a finite number", id="a score that is NaN"
    ),
    pytest.param(
        linear(), SIZES, {"metrics": {"r2": "good"}}, "the score 'r2' is not a finite number", id="a string as a score"
    ),
    pytest.param(
        linear(),
        SIZES,
        {"corrections": {"size": {"unit": 1}}},
        "the feature 'size' has no valid 'unit'",
        id="a correction that no feature can have",
    ),
]


@pytest.mark.parametrize("words", [{"name": "\ud800"}, {"version": "\ud800"}, {"version": 1}], ids=str)
def test_refuses_a_name_or_version_that_json_cannot_express(tmp_path, classifier, words):
    with pytest.raises(EstimatorError) as refused:
        save(classifier, FRAME, tmp_path / "artifact", **words)

    assert str(refused.value) == "the name and the version must be strings without half of a surrogate pair"
    assert not (tmp_path / "artifact").exists()


@pytest.mark.parametrize(("estimator", "data", "options", "sentence"), REFUSED)
def test_refuses_unservable_models_and_writes_nothing(folder, estimator, data, options, sentence):
    before = contents_of(folder.parent)

    for path in (folder, folder.parent / "new"):
        with pytest.raises((EstimatorError, EvaluationError, SignatureError)) as refused:
            save(estimator, data, path, **options, replace=True)
        assert str(refused.value).startswith(sentence)
        assert "\n" not in str(refused.value)

    assert contents_of(folder.parent) == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_never_replaces_a_file(tmp_path):
    path = tmp_path / "model.joblib"
    path.write_bytes(b"of the author's own")

    with pytest.raises(ArtifactExists) as refused:
        save(linear(), SIZES, path, replace=True)

    assert str(refused.value) == f"{path} is not a folder, so it is not replaced"
    assert contents_of(tmp_path) == {"model.joblib": b"of the author's own"}


def test_never_replaces_a_folder_that_is_not_an_artifact(tmp_path):
    (tmp_path / "notes.txt").write_text("of the author's own")

    with pytest.raises(ArtifactExists) as refused:
        save(linear(), SIZES, tmp_path, replace=True)

    assert str(refused.value) == f"{tmp_path} is not an artifact, so it is not replaced"
    assert contents_of(tmp_path) == {"notes.txt": b"of the author's own"}


def test_replaces_an_empty_folder(tmp_path):
    (tmp_path / "artifact").mkdir()

    manifest = save(linear(), SIZES, tmp_path / "artifact", replace=True)

    assert load(tmp_path / "artifact").manifest == manifest


ON_GIVEN = "the rows given to packaging, which may be training rows"
CLASSIFICATION = {"accuracy", "balanced_accuracy"}
ERRORS = {"r2", "mean_absolute_error", "root_mean_squared_error"}
TWO = pd.DataFrame({"width": TARGET, "weight": TARGET[::-1].to_numpy()})


@pytest.mark.parametrize(
    ("estimator", "target", "task", "scores"),
    [
        pytest.param(
            LogisticRegression().fit(SIZES, LABELS),
            LABELS,
            "classification",
            CLASSIFICATION | {"log_loss"},
            id="labels",
        ),
        pytest.param(
            LinearSVC().fit(SIZES, LABELS), np.array(LABELS), "classification", CLASSIFICATION, id="no probabilities"
        ),
        pytest.param(linear(), TARGET, "regression", ERRORS, id="values"),
        pytest.param(linear(target=TWO[["width"]]), TARGET, "regression", ERRORS, id="values in a column"),
        pytest.param(linear(), TARGET.where(TARGET > 0).astype("Float64"), "regression", ERRORS, id="some are missing"),
        pytest.param(
            linear(), TARGET.astype(object).where(TARGET > 0, None), "regression", ERRORS, id="some objects are missing"
        ),
        pytest.param(
            linear(target=TWO),
            TWO,
            "regression",
            {f"{name}.{score}" for name in TWO for score in ERRORS},
            id="several values",
        ),
        pytest.param(
            linear(target=TWO),
            TWO.to_numpy(),
            "regression",
            {f"{name}.{score}" for name in ("y0", "y1") for score in ERRORS},
            id="several values without names",
        ),
        pytest.param(
            IsolationForest(n_estimators=5, random_state=0).fit(SIZES),
            [1, 1, 1, 1, 1, -1],
            "outlier_detection",
            CLASSIFICATION,
            id="outliers",
        ),
        pytest.param(KMeans(3, random_state=0).fit(SIZES), LABELS, "clustering", {"adjusted_rand"}, id="clusters"),
    ],
)
def test_scores_against_the_given_target(tmp_path, estimator, target, task, scores):
    save(estimator, SIZES, tmp_path / "artifact", target)

    manifest = load(tmp_path / "artifact").manifest
    assert manifest.task == task
    assert manifest.metrics is not None
    assert manifest.metrics.keys() == scores
    assert manifest.scored_on == ON_GIVEN


def test_prefers_the_authors_scores(tmp_path):
    scores: Any = {"r2": np.float32(0.5), "rows": 7}

    save(linear(), SIZES, tmp_path / "artifact", TARGET, metrics=scores)

    manifest = load(tmp_path / "artifact").manifest
    assert manifest.metrics == {"r2": 0.5, "rows": 7.0}
    assert manifest.scored_on == "held-out rows, according to the author"


def test_records_that_nothing_was_scored(tmp_path):
    manifest = save(linear(), SIZES, tmp_path / "artifact")

    assert manifest.metrics is None
    assert manifest.scored_on is None


@pytest.mark.parametrize(
    ("target", "spreads"),
    [(None, [1000.0]), (TARGET * 3, [3000.0]), (pd.Series([NAN, 1.0, 1.0, 1.0, 1.0, 1.0]), [1.0])],
    ids=["of predictions", "of the target", "of equals"],
)
def test_stores_the_spread_of_the_target_or_of_the_predictions(tmp_path, target, spreads):
    save(linear(), SIZES, tmp_path / "artifact", target)

    assert golden_of(tmp_path / "artifact")["spreads"] == [pytest.approx(spread) for spread in spreads]


def test_stores_no_spread_for_labels(folder):
    assert golden_of(folder)["spreads"] == [None]


def test_reports_progress(tmp_path):
    frame, told = pd.DataFrame({"x": np.zeros(25_000)}), []

    save(
        *(linear(frame, frame["x"]), frame, tmp_path / "artifact"),
        progress=lambda step, done, total: told.append((step, done, total)),
    )

    assert told[:4] == [("predicting", done, 25_000) for done in (0, 10_000, 20_000, 25_000)]
    assert told[4:30] == [("comparing", done, 25_000) for done in range(0, 25_001, 1000)]
    assert {step for step, _, _ in told[30:]} == {"writing"}
    assert told[-1][1] == told[-1][2] == sum(map(len, contents_of(tmp_path / "artifact").values()))


@pytest.mark.parametrize("n_rows", [1, 2, 10_001], ids=str)
@pytest.mark.parametrize("n_labels", [1, 2], ids=["one label", "two labels"])
def test_packages_any_number_of_rows(tmp_path, n_rows, n_labels):
    frame = pd.DataFrame({"x": np.arange(float(n_rows))})
    target = np.column_stack([np.arange(n_rows) % 2] * n_labels).squeeze(axis=1 if n_labels == 1 else ())
    estimator = DecisionTreeClassifier(max_depth=2, random_state=0).fit(frame, target)

    manifest = save(estimator, frame, tmp_path / "artifact", target)

    assert load(tmp_path / "artifact").manifest == manifest


def test_packages_an_estimator_that_returns_lists(tmp_path):
    estimator = ProbabilisticClassifier(["a", "b"], ["a"] * 6, [[1.0, 0.0]] * 6)

    save(estimator, SIZES, tmp_path / "artifact", ["a"] * 6)

    expected = {"label": "a", "probabilities": {"a": 1.0, "b": 0.0}}
    assert golden_of(tmp_path / "artifact")["predictions"] == [expected] * 6


def test_a_regressor_of_catboost_predicts_values(tmp_path):
    manifest = save(CatBoostLike([1.0] * 6, ["size"]), SIZES, tmp_path / "artifact")

    assert manifest.task == "regression"
    assert [prediction["value"] for prediction in golden_of(tmp_path / "artifact")["predictions"]] == [1.0] * 6


def test_does_not_compile_if_it_is_told_so(tmp_path):
    manifest = save(linear(), SIZES, tmp_path / "artifact", compile=False)

    assert manifest.parity.finding == "compiling was switched off"
    assert COMPILED not in manifest.files
    assert load(tmp_path / "artifact").runtime == "sklearn"


def test_does_not_compile_a_very_large_estimator(tmp_path):
    estimator = linear()
    estimator.note = bytes(2**27)

    manifest = save(estimator, SIZES, tmp_path / "artifact")

    assert manifest.parity.finding == "its pickle has 128 MiB, and at most 128 MiB are compiled"


@pytest.mark.parametrize(
    ("data", "fitted_on", "names"),
    [
        (SIZES, "frame", ["size"]),
        (SIZES.to_numpy(), "array", ["x0"]),
        (["red", "blue"] * 3, "texts", ["text"]),
        (pd.Series(["red", "blue"] * 3, name="a/b"), "texts", ["a/b"]),
    ],
    ids=["a frame", "an array", "texts", "texts with a name"],
)
def test_predicts_like_the_estimator_for_every_kind_of_input(tmp_path, data, fitted_on, names):
    steps = [TfidfVectorizer()] if fitted_on == "texts" else []
    estimator = make_pipeline(*steps, LogisticRegression()).fit(data, LABELS)

    save(estimator, data, tmp_path / "artifact")

    model = load(tmp_path / "artifact")
    rows = [[value] for value in (SIZES["size"] if steps == [] else ["red", "blue"] * 3)]
    assert model.signature.fitted_on == fitted_on
    assert model.signature.names == names
    assert [prediction["label"] for prediction in model.predict(rows)] == estimator.predict(data).tolist()


def test_contains_a_valid_example_request(folder):
    request = json.loads((folder / EXAMPLE).read_bytes())

    assert request == {"instances": [load(folder).signature.example]}
