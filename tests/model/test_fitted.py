"""Training data are passed as at fitting; other data are refused, and the message names the columns that differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from model.errors import EstimatorError
from model.packaging.fitted import training_frame, wanted_corrections

from .estimators import CatBoostLike, CategoryRegressor, CountingRegressor, Regressor

FRAME = pd.DataFrame({"width": [1.0, 2.0, 3.0, 4.0], "height": [5, 6, 8, 7]})
ARRAY = FRAME.to_numpy()
TARGET = [1.0, 3.0, 2.0, 4.0]
TEXTS = ["good day", "bad night", "good night", "bad day"]

ON_FRAME = LinearRegression().fit(FRAME, TARGET)
ON_ARRAY = LinearRegression().fit(ARRAY, TARGET)
ON_TEXTS = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, ["y", "n", "y", "n"])


def years_of(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: column.dt.year.fillna(0) for name, column in frame.items()})


def refusal_of(estimator: Any, data: Any) -> str:
    with pytest.raises(EstimatorError) as refused:
        training_frame(estimator, data)
    return str(refused.value)


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(ON_FRAME, id="an estimator"),
        pytest.param(make_pipeline(StandardScaler(), LinearRegression()).fit(FRAME, TARGET), id="a pipeline"),
        pytest.param(
            make_pipeline(FunctionTransformer(), LinearRegression()).fit(FRAME, TARGET), id="a pipeline with a function"
        ),
        pytest.param(
            GridSearchCV(LinearRegression(), {"fit_intercept": [True, False]}, cv=2).fit(FRAME, TARGET), id="a search"
        ),
        pytest.param(Regressor(TARGET), id="an estimator without column names"),
    ],
)
def test_accepts_the_training_frame(estimator):
    frame, fitted_on = training_frame(estimator, FRAME)

    pd.testing.assert_frame_equal(frame, FRAME)
    assert fitted_on == "frame"


def test_reorders_columns_as_at_fitting():
    frame, fitted_on = training_frame(ON_FRAME, FRAME[["height", "width"]])

    pd.testing.assert_frame_equal(frame, FRAME)
    assert fitted_on == "frame"


def test_names_the_columns_of_an_array():
    frame, fitted_on = training_frame(ON_ARRAY, ARRAY)

    pd.testing.assert_frame_equal(frame, pd.DataFrame(ARRAY, columns=["x0", "x1"]))
    assert fitted_on == "array"


def test_accepts_lists_of_rows_as_an_array():
    frame, fitted_on = training_frame(Regressor(TARGET), ARRAY.tolist())

    pd.testing.assert_frame_equal(frame, pd.DataFrame(ARRAY, columns=["x0", "x1"]))
    assert fitted_on == "array"


def test_keeps_column_names_for_an_estimator_fitted_on_an_array():
    frame, fitted_on = training_frame(ON_ARRAY, FRAME)

    pd.testing.assert_frame_equal(frame, FRAME)
    assert fitted_on == "array"


def test_passes_a_frame_to_a_step_that_selects_columns_by_name():
    estimator = CountingRegressor([1.0] * 4)

    frame, fitted_on = training_frame(estimator.fit(FRAME), FRAME)

    pd.testing.assert_frame_equal(frame, FRAME)
    assert fitted_on == "frame"


def test_names_array_columns_as_in_the_training_frame():
    frame, fitted_on = training_frame(ON_FRAME, ARRAY)

    pd.testing.assert_frame_equal(frame, pd.DataFrame(ARRAY, columns=["width", "height"]))
    assert fitted_on == "frame"


def test_reorders_columns_by_the_names_that_catboost_keeps():
    estimator = CatBoostLike(TARGET, ["height", "width"])

    frame, fitted_on = training_frame(estimator, FRAME)

    pd.testing.assert_frame_equal(frame, FRAME[["height", "width"]])
    assert fitted_on == "frame"


@pytest.mark.parametrize("data", [FRAME, ARRAY], ids=["a frame", "an array"])
def test_ignores_the_numbers_that_catboost_gives_to_the_columns_of_an_array(data):
    frame, fitted_on = training_frame(CatBoostLike(TARGET, ["0", "1"]), data)

    assert frame.shape == FRAME.shape
    assert fitted_on == "array"


def test_spells_names_with_spaces_that_lightgbm_has_replaced():
    frame = FRAME.rename(columns={"width": "width in cm"})
    estimator = LinearRegression().fit(FRAME.rename(columns={"width": "width_in_cm"}), TARGET)

    assert list(training_frame(estimator, frame)[0]) == ["width in cm", "height"]


def test_names_the_correction_for_an_estimator_of_pandas_categories():
    frame = pd.DataFrame({"colour": ["red", "blue"], "size": [1.0, 2.0]})

    assert wanted_corrections(CategoryRegressor(None), frame) == [
        "it takes pandas categories: add the correction dtype = \"category\" for 'colour'"
    ]
    assert wanted_corrections(CategoryRegressor(None), frame.astype({"colour": "category"})) == []
    assert wanted_corrections(Regressor([1.0, 2.0]), frame) == []
    assert wanted_corrections(Regressor(None), frame) == []


def test_names_the_correction_for_an_estimator_of_dates():
    frame = pd.DataFrame({"since": ["2026-11-30", "2026-12-01", None], "plan": ["a", "b", "a"]})
    transformer = make_column_transformer((FunctionTransformer(years_of), ["since"]), (OneHotEncoder(), ["plan"]))
    estimator = make_pipeline(transformer, LinearRegression()).fit(frame.astype({"since": "datetime64[us]"}), [1, 2, 3])

    assert wanted_corrections(estimator, frame) == ["it takes dates: add the correction kind = \"date\" for 'since'"]
    assert wanted_corrections(estimator, frame.astype({"since": "datetime64[us]"})) == []
    assert wanted_corrections(estimator, frame.assign(since="30.11.2026")) == []


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        pytest.param(TEXTS, "text", id="a list"),
        pytest.param(tuple(TEXTS), "text", id="a tuple"),
        pytest.param(np.array(TEXTS), "text", id="an array"),
        pytest.param(pd.Series(TEXTS), "text", id="a series"),
        pytest.param(pd.Series(TEXTS, name="review", index=[3, 1, 4, 1]), "review", id="a series with a name"),
        pytest.param(pd.DataFrame({"review": TEXTS}), "review", id="a frame of one column"),
    ],
)
def test_takes_texts_as_one_column(texts, name):
    frame, fitted_on = training_frame(ON_TEXTS, texts)

    assert frame.to_dict("list") == {name: TEXTS}
    assert fitted_on == "texts"


@pytest.mark.parametrize(
    ("estimator", "frame"),
    [
        pytest.param(ON_TEXTS, pd.DataFrame({"review": TEXTS, "stars": [5, 1, 4, 2]}), id="two columns"),
        pytest.param(Regressor(TARGET), pd.DataFrame({"stars": [5, 1, 4, 2]}), id="numbers"),
        pytest.param(Regressor([1.0]), pd.DataFrame({"review": TEXTS}), id="an estimator that returns one value"),
        pytest.param(BaseEstimator(), pd.DataFrame({"review": TEXTS}), id="an estimator without predict"),
    ],
)
def test_passes_a_frame_to_an_estimator_that_takes_no_texts(estimator, frame):
    taken, fitted_on = training_frame(estimator, frame)

    pd.testing.assert_frame_equal(taken, frame)
    assert fitted_on == "frame"


MANY = pd.DataFrame(np.zeros((4, 12)), columns=[f"c{index:02}" for index in range(12)])
TEN = "'c00', 'c01', 'c02', 'c03', 'c04', 'c05', 'c06', 'c07', 'c08', 'c09' and 2 more"


@pytest.mark.parametrize(
    ("fitted", "given", "difference"),
    [
        (FRAME, FRAME[["width"]], "the data lack 'height'"),
        (FRAME, FRAME.assign(depth=1, colour="red"), "it does not know 'depth', 'colour'"),
        (FRAME, FRAME.rename(columns={"width": "Width"}), "the data lack 'width'; it does not know 'Width'"),
        (FRAME, MANY, f"the data lack 'width', 'height'; it does not know {TEN}"),
        (MANY, FRAME, f"the data lack {TEN}; it does not know 'width', 'height'"),
        (
            FRAME.rename(columns={"width": "Unnamed: 0"}),
            FRAME,
            "the data lack 'Unnamed: 0'; 'Unnamed: 0' is an index that to_csv has written: fit again without it "
            "(index_col=0); it does not know 'width'",
        ),
        (FRAME, FRAME.set_axis([0, 1], axis="columns"), "the data lack 'width', 'height'; it does not know 0, 1"),
    ],
    ids=[
        "one less",
        "two more",
        "another name",
        "more than ten more",
        "more than ten less",
        "an index",
        "numbers for names",
    ],
)
def test_names_the_columns_that_differ_from_the_fitted_ones(fitted, given, difference):
    estimator = LinearRegression().fit(fitted, TARGET)

    assert refusal_of(estimator, given) == f"LinearRegression was fitted on other columns: {difference}"


@pytest.mark.parametrize(
    ("estimator", "data", "sentence"),
    [
        pytest.param(
            ON_ARRAY,
            ARRAY[:, :1],
            "LinearRegression was fitted on an array of 2 columns, but the data have 1",
            id="an array",
        ),
        pytest.param(
            ON_FRAME,
            np.zeros((4, 12)),
            "LinearRegression was fitted on an array of 2 columns, but the data have 12",
            id="an array for a frame",
        ),
        pytest.param(
            ON_ARRAY,
            FRAME[["width"]],
            "LinearRegression was fitted on an array of 2 columns, but the data have 1 ('width')",
            id="a frame for an array",
        ),
        pytest.param(
            ON_ARRAY,
            FRAME.assign(**{"Unnamed: 0": range(4)}),
            "LinearRegression was fitted on an array of 2 columns, but the data have 3 ('width', 'height', "
            "'Unnamed: 0'); 'Unnamed: 0' is the index that to_csv has written: drop it (--drop 'Unnamed: 0')",
            id="an index",
        ),
        pytest.param(
            ON_ARRAY,
            MANY,
            f"LinearRegression was fitted on an array of 2 columns, but the data have 12 ({TEN})",
            id="a frame of many columns for an array",
        ),
    ],
)
def test_refuses_a_different_number_of_columns(estimator, data, sentence):
    assert refusal_of(estimator, data) == sentence


ONE_DIMENSION = "the data have one dimension and are not all strings: pass rows and columns, or texts"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(ARRAY[0], ONE_DIMENSION, id="an array of numbers"),
        pytest.param(FRAME["width"], ONE_DIMENSION, id="a series of numbers"),
        pytest.param([1.5, 2.5], ONE_DIMENSION, id="a list of numbers"),
        pytest.param(["good", None], ONE_DIMENSION, id="texts with a missing one"),
        pytest.param(np.zeros((2, 2, 2)), "the data have 3 dimensions: pass rows and columns", id="a cube"),
        pytest.param("good day", "the data have 0 dimensions: pass rows and columns", id="one text"),
        pytest.param({"width": [1.0]}, "the data have 0 dimensions: pass rows and columns", id="a dict"),
        pytest.param(
            OneHotEncoder().fit_transform(ARRAY),
            "the data are a csr_matrix: pass a DataFrame, an array, or a sequence of strings",
            id="a sparse matrix",
        ),
        pytest.param(
            iter(TEXTS),
            "the data are a list_iterator: pass a DataFrame, an array, or a sequence of strings",
            id="an iterator",
        ),
        pytest.param(None, "the data are a NoneType: pass a DataFrame, an array, or a sequence of strings", id="None"),
    ],
)
def test_refuses_data_without_rows_and_columns(data, sentence):
    assert refusal_of(RandomForestClassifier(), data) == sentence
