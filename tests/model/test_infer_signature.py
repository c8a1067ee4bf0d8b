"""How a signature is inferred from a training frame, what the author may correct, and what is refused."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model.errors import SignatureError
from model.packaging.infer_signature import MAX_CATEGORIES, are_dates, infer_signature
from model.schema.signature import Feature

AWKWARD_NAMES = [
    "with space",
    "with.dot",
    "with/slash~tilde",
    'with "quotes"\nand a line',
    "größe",
    "大きさ",
    "🐧",
    "class",
    "None",
    "model_config",
    "model_dump",
    "json",
    "self",
    "_private",
    "__proto__",
    "0",
]

FLOAT32_MAX = float(np.finfo("float32").max)


def inferred(values: Any, dtype: Any = None, **correction: Any) -> Feature:
    """The feature of a column, with the author's correction."""
    return infer_signature(pd.DataFrame({"x": pd.Series(values, dtype=dtype)}), {"x": correction}).features[0]


def texts(count: int) -> list[str]:
    return [f"text {index:02}" for index in range(count)]


@pytest.mark.parametrize(
    ("values", "dtype", "kind"),
    [
        pytest.param([1.5, 2.0], "float64", "number", id="float64"),
        pytest.param([1.5, 2.0], "float32", "number", id="float32"),
        pytest.param([1.5, None], "Float64", "number", id="nullable float"),
        pytest.param([1, 2], "int64", "integer", id="int64"),
        pytest.param([1, 2], "uint8", "integer", id="uint8"),
        pytest.param([1, None], "Int64", "integer", id="nullable integer"),
        pytest.param([True, False], "bool", "boolean", id="bool"),
        pytest.param([True, None], "boolean", "boolean", id="nullable boolean"),
        pytest.param(["b", "a"], "str", "category", id="str"),
        pytest.param(["b", None], "string", "category", id="nullable string"),
        pytest.param(["b", None], "object", "category", id="objects that are strings"),
        pytest.param([1.5, None], "object", "number", id="objects that are floats"),
        pytest.param([1, 2.5], "object", "number", id="objects that are integers and floats"),
        pytest.param([1, None], "object", "integer", id="objects that are integers"),
        pytest.param([True, None], "object", "boolean", id="objects that are booleans"),
        pytest.param(["b", "a"], "category", "category", id="pandas category"),
        pytest.param(texts(MAX_CATEGORIES), "str", "category", id="as many strings as a category may have"),
        pytest.param(texts(MAX_CATEGORIES + 1), "str", "text", id="more strings than a category may have"),
        pytest.param(texts(MAX_CATEGORIES + 1), "category", "category", id="a pandas category of any size"),
        pytest.param(["2026-11-30", None], "datetime64[us]", "date", id="dates"),
        pytest.param(["2026-11-30"], "datetime64[ns]", "date", id="dates in nanoseconds"),
    ],
)
def test_infers_the_kind_from_the_column(values, dtype, kind):
    assert inferred(values, dtype).kind == kind


def test_treats_few_distinct_texts_as_text():
    (feature,) = infer_signature(pd.DataFrame({"text": ["good", "bad", "good"]}), fitted_on="texts").features

    assert (feature.kind, feature.categories) == ("text", ())


def test_the_author_can_turn_texts_into_categories():
    corrections = {"text": {"kind": "category"}}

    (feature,) = infer_signature(pd.DataFrame({"text": ["good", "bad"]}), corrections, "texts").features

    assert feature.categories == ("bad", "good")


def test_keeps_the_columns_in_their_order():
    frame = pd.DataFrame([[1, 2, 3]], columns=["b", "c", "a"])

    assert infer_signature(frame).names == ["b", "c", "a"]


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_accepts_any_string_as_a_name(name):
    signature = infer_signature(pd.DataFrame({name: [1.5]}))

    assert signature.example == {name: 1.5}


def test_accepts_a_thousand_features():
    names = [f"x{index}" for index in range(1000)]

    assert infer_signature(pd.DataFrame([range(1000)], columns=names)).names == names


def test_sorts_the_categories_of_strings():
    assert inferred(["b", "c", None, "a", "b"]).categories == ("a", "b", "c")


def test_keeps_order_and_unused_values_of_a_pandas_category():
    dtype = pd.CategoricalDtype(["low", "middle", "high"])

    assert inferred(["low", "high"], dtype).categories == ("low", "middle", "high")


def test_lists_no_categories_for_a_text():
    assert inferred(texts(MAX_CATEGORIES + 1)).categories == ()


@pytest.mark.parametrize("dtype", ["float64", "Int64", "boolean", "str", "category"])
def test_is_nullable_if_a_value_is_missing(dtype):
    values: list[Any] = ["a", "b"] if dtype in ("str", "category") else [1, 0]

    assert inferred([*values, None], dtype).nullable
    assert not inferred(values, dtype).nullable


@pytest.mark.parametrize(
    ("values", "dtype", "observed"),
    [
        pytest.param([2.5, None, -1.0], "float64", (-1.0, 2.5), id="number"),
        pytest.param([3, 1, 2], "int64", (1, 3), id="integer"),
        pytest.param([True, False], "bool", None, id="boolean"),
        pytest.param(["a", "b"], "str", None, id="category"),
    ],
)
def test_records_the_observed_range_of_numbers(values, dtype, observed):
    assert inferred(values, dtype).observed == observed


def test_takes_its_example_from_the_first_complete_row():
    frame = pd.DataFrame({"a": [None, 2.5, 3.5], "b": ["x", "y", "x"], "c": [True, False, True]})

    assert infer_signature(frame).example == {"a": 2.5, "b": "y", "c": False}


def test_takes_its_example_from_the_first_values_without_a_complete_row():
    frame = pd.DataFrame({"a": [None, 2.5], "b": ["x", None]})

    assert infer_signature(frame).example == {"a": 2.5, "b": "x"}


def test_keeps_every_digit_of_an_integer_beside_a_float():
    frame = pd.DataFrame({"integer": [2**53 + 1], "float": [0.5]})

    assert infer_signature(frame).example["integer"] == 2**53 + 1


@pytest.mark.parametrize(
    "correction",
    [
        {"unit": "mm"},
        {"minimum": 0, "maximum": 99.5},
        {"nullable": True},
        {"example": 7.0},
        {"kind": "integer"},
    ],
    ids=lambda correction: " and ".join(correction),
)
def test_corrections_override_the_column(correction):
    feature = inferred([1.0, 2.0], **correction)

    assert {field: getattr(feature, field) for field in correction} == correction


@pytest.mark.parametrize(
    ("values", "kind", "example"),
    [([30.0, None], "integer", 30), ([1, 0], "boolean", True), ([1.0, 0.0, None], "boolean", True)],
    ids=["integers with gaps", "flags", "flags with gaps"],
)
def test_converts_the_example_to_the_corrected_kind(values, kind, example):
    feature = inferred(values, kind=kind)

    assert (feature.example, type(feature.example)) == (example, type(example))


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (pd.DataFrame(), "the training data have no columns"),
        (pd.DataFrame({"a": pd.Series([], dtype=float)}), "the training data have no rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "the column name 'a' occurs more than once"),
        (pd.DataFrame([[1, 2]], columns=["a", ""]), "the column name '' is not a non-empty string"),
        (pd.DataFrame([[1, 2]]), "the column name 0 is not a non-empty string"),
        (pd.DataFrame([[1]], columns=[np.nan]), "the column name nan is not a non-empty string"),
        (
            pd.DataFrame([[1]], columns=["\ud800"]),
            r"the column name '\ud800' contains half of a surrogate pair, which JSON cannot express",
        ),
    ],
    ids=[
        "no columns",
        "no rows",
        "a name twice",
        "an empty name",
        "numbers for names",
        "NaN for a name",
        "half a name",
    ],
)
def test_refuses_a_frame_with_unusable_columns(frame, sentence):
    with pytest.raises(SignatureError) as refused:
        infer_signature(frame)

    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        pytest.param([1, "a"], "object", id="numbers and strings"),
        pytest.param([True, "yes"], "object", id="booleans and strings"),
        pytest.param([True, 2], "object", id="booleans and integers"),
        pytest.param([Decimal("1.5")], "object", id="decimals"),
        pytest.param([["a"], ["b"]], "object", id="lists"),
    ],
)
def test_refuses_a_column_without_a_kind(values, dtype):
    with pytest.raises(SignatureError) as refused:
        inferred(values, dtype)

    assert str(refused.value) == f"the column 'x' ({dtype}) must contain only numbers, only booleans or only strings"


def test_writes_dates_as_strings():
    feature = inferred(["2026-11-30", "0099-02-28", None], "datetime64[s]", nullable=False)

    assert (feature.example, feature.observed) == ("2026-11-30", ("0099-02-28", "2026-11-30"))


def test_takes_the_bounds_of_dates_as_toml_and_python_write_them():
    feature = inferred(["2026-11-30"], "datetime64[us]", minimum=date(2000, 1, 1), maximum="2099-12-31")

    assert (feature.minimum, feature.maximum) == ("2000-01-01", "2099-12-31")


OBJECTS = 'contains dates as objects: convert it with pd.to_datetime(..., errors="coerce") before fitting'


@pytest.mark.parametrize(
    ("values", "dtype", "sentence"),
    [
        (
            ["2026-11-30", "2026-11-30 00:00:01"],
            "datetime64[us]",
            "contains times of day, and a feature is a calendar date: cut them off with .dt.normalize() before fitting",
        ),
        (
            ["2026-11-30"],
            "datetime64[us, UTC]",
            "has a time zone: convert it with .dt.tz_localize(None).dt.normalize() before fitting",
        ),
        ([datetime(2026, 11, 30)], "object", OBJECTS),
        ([date(2026, 11, 30)], "object", OBJECTS),
    ],
    ids=["times of day", "a time zone", "objects with a time", "objects without a time"],
)
def test_refuses_other_dates_and_says_what_to_do(values, dtype, sentence):
    with pytest.raises(SignatureError) as refused:
        inferred(values, dtype)

    own = "or make features of their own, such as the month and the weekday"
    assert str(refused.value) == f"the column 'x' {sentence}, {own}"


@pytest.mark.parametrize("year", ["10000", "-0001"])
def test_refuses_dates_that_python_lacks(year):
    with pytest.raises(SignatureError, match=r"^the column 'x' contains dates outside the years 1 to 9999$"):
        inferred(np.array(["2026-11-30", f"{year}-11-30"], dtype="datetime64[s]"), "datetime64[s]")


@pytest.mark.parametrize("kind", ["number", "integer", "text", "category"])
def test_refuses_to_take_dates_for_another_kind(kind):
    with pytest.raises(SignatureError, match=f"^the column 'x' contains values that are not of the kind '{kind}'$"):
        inferred(["2026-11-30"], "datetime64[us]", kind=kind)


@pytest.mark.parametrize(
    "values", [["2026-12-01", "2026-12-02T10:00"], ["01.12.2026"], ["12/31/26"], ["1 May 2026"], ["2026-12"]], ids=str
)
def test_recognizes_strings_that_are_dates(values):
    assert are_dates(values)


@pytest.mark.parametrize(
    "values", [[], ["may", "march"], ["2026"], ["01234"], ["2026-12-01", "soon"], [20261201]], ids=str
)
def test_takes_no_other_strings_for_dates(values):
    assert not are_dates(values)


@pytest.mark.parametrize(
    "values", [[1, 2], [True, False], ["a", 1]], ids=["numbers", "booleans", "strings among others"]
)
def test_refuses_a_pandas_category_of_non_strings(values):
    with pytest.raises(SignatureError) as refused:
        inferred(values, "category")

    assert str(refused.value) == (
        "the column 'x' is a pandas category of values that are not strings: convert them to strings before fitting"
    )


def test_refuses_a_sparse_column():
    with pytest.raises(SignatureError, match=r"^the column 'x' is sparse: make it dense before fitting$"):
        inferred([0.0, 1.5], "Sparse[float64]")


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([1, 2**63], "uint64"), ([-(2**63) - 1, 1], "object"), ([1, 10**30], "object")],
    ids=["uint64", "objects below", "objects above"],
)
def test_refuses_integers_that_few_clients_can_send(values, dtype):
    with pytest.raises(SignatureError) as refused:
        inferred(values, dtype)

    assert str(refused.value) == "the column 'x' contains integers beyond 64 bits, which few clients can send"


@pytest.mark.parametrize("dtype", ["str", "object", "category", "float64", "Int64"])
def test_refuses_a_column_without_values(dtype):
    with pytest.raises(SignatureError, match=r"^the column 'x' has no value in any row$"):
        inferred([None, None], dtype)


def test_refuses_infinity():
    with pytest.raises(SignatureError, match=r"^the column 'x' contains infinity, which JSON cannot express$"):
        inferred([1.5, float("-inf")])


@pytest.mark.parametrize(
    ("correction", "fixed"),
    [
        ({"name": "y"}, "name"),
        ({"dtype": "int8"}, "dtype"),
        ({"observed": [0, 1], "dtype": "int8"}, "dtype and observed"),
    ],
)
def test_refuses_corrections_of_facts_about_the_column(correction, fixed):
    with pytest.raises(SignatureError, match=rf"^the corrections of the feature 'x' cannot set {fixed}$"):
        infer_signature(pd.DataFrame({"x": [1.5]}), {"x": correction})


def test_refuses_corrections_of_unknown_features():
    with pytest.raises(SignatureError, match=r"^the corrections name unknown features: masss, widht$"):
        infer_signature(pd.DataFrame({"mass": [1.5]}), {"widht": {"unit": "mm"}, "mass": {}, "masss": {"unit": "g"}})


@pytest.mark.parametrize(
    ("correction", "sentence"),
    [
        ({"units": "mm"}, "the feature 'x' has unknown fields: units"),
        ({"unit": 5}, "the feature 'x' has no valid 'unit'"),
        ({"minimum": "0"}, "the feature 'x' has no valid 'minimum'"),
        ({"maximum": True}, "the feature 'x' has no valid 'maximum'"),
        ({"kind": "float"}, "the feature 'x' has no valid 'kind'"),
        ({"kind": ["number"]}, "the feature 'x' has no valid 'kind'"),
        ({"kind": "category"}, "the column 'x' contains values that are not of the kind 'category'"),
        ({"categories": ("a",)}, "the feature 'x' has no valid 'categories'"),
        ({"nullable": 1}, "the feature 'x' has no valid 'nullable'"),
        ({"minimum": float("nan")}, "the feature 'x' has no valid 'minimum'"),
        ({"maximum": float("inf")}, "the feature 'x' has no valid 'maximum'"),
        ({"maximum": 2**53 + 1}, "the feature 'x' has no valid 'maximum'"),
        ({"maximum": 10**400}, "the feature 'x' has no valid 'maximum'"),
        ({"minimum": 2, "maximum": 1}, "the feature 'x' has no valid 'maximum'"),
        ({"minimum": 1.6}, "the feature 'x' has no valid 'example'"),
        ({"maximum": 1}, "the feature 'x' has no valid 'example'"),
        ({"example": "1.5"}, "the feature 'x' has no valid 'example'"),
        ({"kind": "integer"}, "the column 'x' contains values that are not of the kind 'integer'"),
        ({"kind": "boolean"}, "the column 'x' contains values that are not of the kind 'boolean'"),
    ],
    ids=[
        "an unknown field",
        "a unit that is no string",
        "a bound that is no number",
        "a bound that is a boolean",
        "an unknown kind",
        "a list for a kind",
        "a category where the column has numbers",
        "a number with categories",
        "nullability that is a number",
        "a bound that is NaN",
        "a bound that is infinite",
        "a bound that no double holds",
        "a bound beyond all doubles",
        "bounds that leave nothing",
        "a minimum above the example",
        "a maximum below the example",
        "an example of another kind",
        "an integer where the column has fractions",
        "a boolean where the column has other numbers",
    ],
)
def test_refuses_an_invalid_correction(correction, sentence):
    with pytest.raises(SignatureError) as refused:
        inferred([1.5], **correction)

    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("correction", "field"),
    [
        ({"minimum": 0.5}, "minimum"),
        ({"minimum": 1.0}, "minimum"),
        ({"minimum": -(2**63) - 1}, "minimum"),
        ({"maximum": 2**63}, "maximum"),
        ({"example": 1.0}, "example"),
        ({"example": 2**63}, "example"),
    ],
    ids=str,
)
def test_refuses_integer_fields_that_are_not_64_bit_integers(correction, field):
    with pytest.raises(SignatureError, match=f"^the feature 'x' has no valid '{field}'$"):
        inferred([1, 2], **correction)


@pytest.mark.parametrize(
    ("dtype", "correction", "bounds"),
    [
        ("int8", {}, (-128, 127)),
        ("Int16", {}, (-(2**15), 2**15 - 1)),
        ("uint8", {}, (0, 255)),
        ("uint64", {}, (0, None)),
        ("int64", {}, (None, None)),
        ("float16", {}, (-65504.0, 65504.0)),
        ("float32", {}, (-FLOAT32_MAX, FLOAT32_MAX)),
        ("Float32", {}, (-FLOAT32_MAX, FLOAT32_MAX)),
        ("float64", {}, (None, None)),
        ("float32", {"kind": "integer"}, (-(2**24), 2**24)),
        ("float64", {"kind": "integer"}, (-(2**53), 2**53)),
        ("int8", {"kind": "boolean"}, (None, None)),
        ("int8", {"minimum": 0}, (0, 127)),
        ("float32", {"minimum": 0, "maximum": 9.5}, (0, 9.5)),
    ],
    ids=str,
)
def test_uses_the_bounds_of_the_dtype_by_default(dtype, correction, bounds):
    feature = inferred([1, 0], dtype, **correction)

    assert (feature.minimum, feature.maximum) == bounds


UNHELD = [
    pytest.param("int64", {"nullable": True}, "null", id="null among int64"),
    pytest.param("bool", {"nullable": True}, "null", id="null among bool"),
    pytest.param("int64", {"kind": "boolean", "nullable": True}, "null", id="null among flags"),
    pytest.param("int64", {"kind": "number"}, "every number", id="fractions in int64"),
    pytest.param("Int64", {"kind": "number"}, "every number", id="fractions in nullable integers"),
    pytest.param("bool", {"kind": "integer"}, "every integer", id="integers in bool"),
    pytest.param("category", {"kind": "text", "categories": ()}, "every text", id="texts in a pandas category"),
    pytest.param("int8", {"maximum": 300}, "every integer from -128 to 300", id="300 in int8"),
    pytest.param("uint8", {"minimum": None}, f"every integer from {-(2**63)} to 255", id="no minimum in uint8"),
    pytest.param(
        "datetime64[ns]",
        {"minimum": "1600-01-01"},
        "every date from 1600-01-01 to 2262-04-11",
        id="1600 in nanoseconds",
    ),
    pytest.param("float32", {"maximum": 1e39}, f"every number from {-FLOAT32_MAX} to 1e+39", id="1e39 in float32"),
    pytest.param(
        "float64",
        {"kind": "integer", "maximum": 2**60},
        f"every integer from {-(2**53)} to {2**60}",
        id="integers between doubles",
    ),
]


def unheld_sentence(dtype: str, unheld: str) -> str:
    return f"the feature 'x' has the dtype {dtype}, which cannot hold {unheld}: convert the column before fitting"


@pytest.mark.parametrize(("dtype", "correction", "unheld"), UNHELD)
def test_refuses_a_correction_that_the_dtype_cannot_hold(dtype, correction, unheld):
    values = {"category": ["a", "b"], "datetime64[ns]": ["2026-11-30"]}.get(dtype, [1, 0])

    with pytest.raises(SignatureError) as refused:
        inferred(values, dtype, **correction)

    assert str(refused.value) == unheld_sentence(dtype, unheld)


@pytest.mark.parametrize("values", [[True, False], ["a", "b"]], ids=["boolean", "category"])
def test_refuses_bounds_for_other_kinds(values):
    with pytest.raises(SignatureError, match=r"^the feature 'x' has no valid 'minimum'$"):
        inferred(values, minimum=0)


def test_refuses_to_read_strings_as_numbers():
    with pytest.raises(SignatureError, match=r"^the column 'x' contains values that are not of the kind 'number'$"):
        inferred(["a", "b"], kind="number", categories=())


def test_refuses_a_null_example_unless_nullable():
    with pytest.raises(SignatureError, match=r"^the feature 'x' has no valid 'example'$"):
        inferred([1.5, None], "float64", nullable=False, example=None)
