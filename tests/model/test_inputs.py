"""From the training frame to a client's rows and back: the estimator gets the same data again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from model.errors import SignatureError
from model.packaging.fitted import training_frame
from model.packaging.infer_signature import infer_signature
from model.runtime.inputs import as_fitted, frame_of, input_of, rows_of
from model.schema.signature import INT64_MAX, INT64_MIN, Feature, Row, Signature, bounds_of

from .estimators import Regressor

LEVELS = ["low", "middle", "high"]

COLUMNS = {
    "float64": pd.Series([1.5, 2.0, np.nan]),
    "float32": pd.Series([0.1, 2.0, np.nan], dtype="float32"),
    "nullable float": pd.Series([1.5, 2.0, None], dtype="Float64"),
    "int64": pd.Series([1, -2, 2**62 + 1]),
    "uint64": pd.Series([1, 2, 2**63 - 1], dtype="uint64"),
    "int8": pd.Series([1, 2, -3], dtype="int8"),
    "nullable integer": pd.Series([1, None, 2**62 + 1], dtype="Int64"),
    "bool": pd.Series([True, False, True]),
    "nullable boolean": pd.Series([True, None, False], dtype="boolean"),
    "str": pd.Series(["b", "a", None], dtype="str"),
    "nullable string": pd.Series(["b", "a", None], dtype="string"),
    "object with NaN": pd.Series(["b", "a", np.nan], dtype="object"),
    "object with None": pd.Series(["b", "a", None], dtype="object"),
    "objects that are integers": pd.Series([1, None, 2**62 + 1], dtype="object"),
    "objects that are floats": pd.Series([1.5, np.nan, 2.0], dtype="object"),
    "objects that are booleans": pd.Series([True, np.nan, False], dtype="object"),
    "dates": pd.Series(["2026-11-30", "1999-02-28", None], dtype="datetime64[us]"),
    "dates in nanoseconds": pd.Series(["2026-11-30", "1999-02-28", None], dtype="datetime64[ns]"),
    "category": pd.Series(["low", "high", None], dtype=pd.CategoricalDtype(LEVELS)),
    "ordered category": pd.Series(["low", "high", None], dtype=pd.CategoricalDtype(LEVELS, ordered=True)),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS.keys())
def test_rebuilds_the_training_frame_from_its_rows(column):
    frame = pd.DataFrame({"x": column})
    signature = infer_signature(frame)

    again = frame_of(rows_of(frame, signature), signature)

    pd.testing.assert_frame_equal(again, frame)
    # assert_frame_equal treats None and NaN as equal.
    assert [value is None for value in again["x"]] == [value is None for value in column]


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        ("float64", [[1.5], [2.0], [None]]),
        ("nullable integer", [[1], [None], [2**62 + 1]]),
        ("nullable boolean", [[True], [None], [False]]),
        ("object with NaN", [["b"], ["a"], [None]]),
        ("category", [["low"], ["high"], [None]]),
        ("dates", [["2026-11-30"], ["1999-02-28"], [None]]),
    ],
)
def test_writes_rows_as_a_client_sends_them(column, rows):
    frame = pd.DataFrame({"x": COLUMNS[column]})

    written = rows_of(frame, infer_signature(frame))

    assert written == rows
    assert [[type(value) for value in row] for row in written] == [[type(value) for value in row] for row in rows]


def test_keeps_the_codes_of_an_unsorted_category():
    frame = pd.DataFrame({"level": COLUMNS["category"]})
    signature = infer_signature(frame)

    assert frame_of([["high"], ["low"]], signature)["level"].cat.codes.tolist() == [2, 0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_columns_of_dates_hold_every_allowed_date(unit):
    signature = infer_signature(pd.DataFrame({"x": pd.Series(["2026-11-30", None], dtype=f"datetime64[{unit}]")}))
    least, most = bounds_of(signature.features[0])
    rows: list[Row] = [[least], [most], ["2024-02-29"], [None]]

    assert rows_of(frame_of(rows, signature), signature) == rows


def test_orders_values_by_the_signature_and_drops_other_columns():
    frame = pd.DataFrame({"b": [1, 2], "other": [5, 6], "a": [3, 4]})
    signature = infer_signature(frame[["a", "b"]])

    assert rows_of(frame, signature) == [[3, 1], [4, 2]]


def test_ignores_the_index_of_the_training_frame():
    frame = pd.DataFrame({"a": [1.5, 2.5]}, index=[7, 7])
    signature = infer_signature(frame)

    assert frame_of(rows_of(frame, signature), signature).index.tolist() == [0, 1]


ARRAYS = {
    "floats": np.array([[1.5, np.nan], [2.5, 3.0]]),
    "narrow floats": np.array([[0.1, np.nan], [2.5, 3.0]], dtype="float32"),
    "integers": np.array([[1, 2**62 + 1], [2, -3]]),
    "narrow integers": np.array([[1, 2], [2, 255]], dtype="uint8"),
    "booleans": np.array([[True, False], [False, True]]),
    "dates": np.array([["2026-11-30", "NaT"], ["1999-02-28", "0099-01-01"]], dtype="datetime64[us]"),
    "strings": np.array([["a", "b"], ["b", "a"]], dtype=object),
    "objects of several kinds": np.array([[1, "b"], [2, None]], dtype=object),
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_rebuilds_the_training_array_from_its_rows(array):
    frame, fitted_on = training_frame(Regressor([]), array)
    signature = infer_signature(frame, fitted_on=fitted_on)

    again = input_of(rows_of(frame, signature), signature)

    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array)
    np.testing.assert_array_equal(as_fitted(frame, signature), array)


def test_rebuilds_an_array_of_several_dtypes():
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": [1, 2], "c": [True, False]})
    signature = infer_signature(frame, fitted_on="array")

    again = input_of(rows_of(frame, signature), signature)

    np.testing.assert_array_equal(again, frame.to_numpy())
    assert again.dtype == frame.to_numpy().dtype


def test_passes_texts_as_a_list():
    frame = pd.DataFrame({"text": ["good", "bad", "größe"]})
    signature = infer_signature(frame, fitted_on="texts")

    assert input_of([["new"], ["good"]], signature) == ["new", "good"]
    assert as_fitted(frame, signature) == ["good", "bad", "größe"]


def test_accepts_integers_as_numbers():
    signature = infer_signature(pd.DataFrame({"a": [1.5]}))

    assert frame_of([[1], [2]], signature)["a"].tolist() == [1.0, 2.0]


NUMERIC = ["bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)), "float32", "float64"]
NULLABLE = [
    "boolean",
    *(name.replace("int", "Int").replace("uI", "UI").replace("float", "Float") for name in NUMERIC[1:]),
]
STRINGS = ["str", "string", "object", "category"]


@st.composite
def signatures(draw: st.DrawFn) -> Signature:
    """One feature of any dtype, with any valid correction."""
    dtype = draw(st.sampled_from([*NUMERIC, *NULLABLE, "float16", *STRINGS]))
    column: pd.Series[Any] = pd.Series(LEVELS if dtype in STRINGS else [1, 0], dtype=dtype)
    corrections: dict[str, st.SearchStrategy[Any]] = {
        "kind": st.sampled_from(["number", "integer", "boolean", "text"]),
        "nullable": st.booleans(),
        "minimum": st.integers(INT64_MIN, 0),
        "maximum": st.integers(1, INT64_MAX),
    }
    correction = draw(st.fixed_dictionaries({}, optional=corrections))
    if correction.get("kind") == "text":
        correction["categories"] = ()
    try:
        return infer_signature(pd.DataFrame({"x": column}), {"x": correction})
    except SignatureError:
        reject()


def values_of(feature: Feature) -> st.SearchStrategy[Any]:
    """Every value that a service accepts."""
    least, most = feature.minimum, feature.maximum
    values: st.SearchStrategy[Any] = st.text()
    match feature.kind:
        case "number":
            values = st.floats(least, most, allow_nan=False, allow_infinity=False)
        case "integer":
            least = INT64_MIN if least is None else int(least)
            most = INT64_MAX if most is None else int(most)
            values = st.sampled_from([least, most]) | st.integers(least, most)
        case "boolean":
            values = st.booleans()
        case "category":
            values = st.sampled_from(feature.categories)
    return values | st.none() if feature.nullable else values


def as_held(value: Any, feature: Feature) -> Any:
    """A number at the precision of its dtype; other values unchanged."""
    if feature.kind == "number" and value is not None:
        return np.dtype(feature.dtype.lower()).type(value).item()
    return value


@pytest.mark.slow
@settings(deadline=None, derandomize=True, database=None, max_examples=500)
@given(data=st.data(), signature=signatures())
def test_frames_hold_every_allowed_row(data, signature):
    [feature] = signature.features
    values = data.draw(st.lists(values_of(feature), min_size=1, max_size=4))

    again = rows_of(frame_of([[value] for value in values], signature), signature)

    held = [as_held(value, feature) for value in values]
    assert [(value, type(value)) for [value] in again] == [(value, type(value)) for value in held]


PRESENT_AND_MISSING: dict[Any, tuple[st.SearchStrategy[Any], Any]] = {
    "float64": (st.floats(allow_nan=False, allow_infinity=False), np.nan),
    "Float64": (st.floats(allow_nan=False, allow_infinity=False), None),
    "Int64": (st.integers(-(2**63), 2**63 - 1), None),
    "boolean": (st.booleans(), None),
    "str": (st.text(), None),
    "object": (st.text(), np.nan),
    "datetime64[us]": (st.dates().map(str), None),
    pd.CategoricalDtype(LEVELS): (st.sampled_from(LEVELS), None),
}


@st.composite
def training_frames(draw: st.DrawFn) -> pd.DataFrame:
    """One to five columns of any dtype and name; the first row is complete."""
    n_more_rows = draw(st.integers(0, 8))

    def column(dtype: Any) -> pd.Series[Any]:
        present, missing = PRESENT_AND_MISSING[dtype]
        more = st.lists(present | st.just(missing), min_size=n_more_rows, max_size=n_more_rows)
        values: pd.Series[Any] = pd.Series([draw(present), *draw(more)], dtype=dtype)
        return values

    names, dtypes = st.text(min_size=1), st.sampled_from(list(PRESENT_AND_MISSING))
    dtype_of = draw(st.dictionaries(names, dtypes, min_size=1, max_size=5))
    return pd.DataFrame({name: column(dtype) for name, dtype in dtype_of.items()})


@settings(deadline=None, derandomize=True, database=None)
@given(frame=training_frames())
def test_rebuilds_any_training_frame(frame):
    signature = infer_signature(frame)
    rows = rows_of(frame, signature)

    pd.testing.assert_frame_equal(frame_of(rows, signature), frame, check_exact=True)
    assert rows_of(frame_of(rows, signature), signature) == rows
