"""A signature survives a round trip through JSON; invalid JSON is refused."""

from __future__ import annotations

import json
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from model.errors import SignatureError
from model.packaging.infer_signature import infer_signature
from model.schema.dates import LAST
from model.schema.signature import FittedOn, signature_from_json

FLOAT32_MAX, FLOAT64_MAX = float(np.finfo("float32").max), float(np.finfo("float64").max)

FEATURE: dict[str, Any] = {"name": "x", "kind": "number", "dtype": "float64", "nullable": False, "example": 1.5}
A_DATE: dict[str, Any] = {"kind": "date", "example": "2026-11-30"}
DATE = {**A_DATE, "dtype": "datetime64[us]"}


def refusal_of(document: object) -> str:
    with pytest.raises(SignatureError) as refused:
        signature_from_json(document)
    return str(refused.value)


def refusal_of_feature(feature: object) -> str:
    return refusal_of({"fitted_on": "frame", "features": [feature]})


def test_survives_a_round_trip_through_json():
    frame = pd.DataFrame({"a": [1.5, None], "b": [1, 2], "c": [True, False], "d": ["x", "y"], "é": ["y", None]})
    signature = infer_signature(frame, {"a": {"unit": "mm", "minimum": 0, "maximum": 9.5}})

    assert signature_from_json(json.loads(json.dumps(signature.to_json()))) == signature


@pytest.mark.parametrize("fitted_on", get_args(FittedOn))
def test_records_the_input_of_the_estimator(fitted_on):
    signature = infer_signature(pd.DataFrame({"a": ["x", "y"]}), fitted_on=fitted_on)

    assert signature.to_json()["fitted_on"] == fitted_on
    assert signature_from_json(signature.to_json()) == signature


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        pytest.param(None, "the signature is not an object", id="no signature"),
        pytest.param([FEATURE], "the signature is not an object", id="a list"),
        pytest.param({"fitted_on": "frame"}, "the signature has no list of features", id="no features"),
        pytest.param(
            {"features": [], "fitted_on": "frame"}, "the signature has no list of features", id="an empty list"
        ),
        pytest.param(
            {"features": {"x": FEATURE}, "fitted_on": "frame"},
            "the signature has no list of features",
            id="features by name",
        ),
        pytest.param({"features": [FEATURE]}, "the signature has no valid 'fitted_on'", id="no fitted_on"),
        pytest.param(
            {"features": [FEATURE], "fitted_on": "polars"},
            "the signature has no valid 'fitted_on'",
            id="fitted on polars",
        ),
        pytest.param(
            {"features": [FEATURE], "fitted_on": ["frame"]},
            "the signature has no valid 'fitted_on'",
            id="fitted on a list",
        ),
        pytest.param(
            {"features": ["x"], "fitted_on": "frame"}, "a feature of the signature is not an object", id="only a name"
        ),
    ],
)
def test_refuses_invalid_json(document, sentence):
    assert refusal_of(document) == sentence


@pytest.mark.parametrize("field", FEATURE)
def test_refuses_a_feature_with_a_missing_field(field):
    feature = {name: value for name, value in FEATURE.items() if name != field}

    assert refusal_of_feature(feature).endswith(f"has no valid {field!r}")


def test_refuses_a_feature_with_unknown_fields():
    refusal = refusal_of_feature({**FEATURE, "units": "mm", "colour": "red"})

    assert refusal == "the feature 'x' has unknown fields: colour, units"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", 1),
        ("name", "\ud800"),
        ("kind", ["number"]),
        ("dtype", None),
        ("nullable", "false"),
        ("unit", 1),
        ("unit", "\udfff"),
        ("categories", "ab"),
        ("categories", [1]),
        ("categories", ["a"]),
        ("minimum", "0"),
        ("minimum", 10**400),
        ("maximum", [1]),
        ("observed", 1),
        ("observed", [1]),
        ("observed", ["a", "b"]),
        ("observed", [True, False]),
        ("example", {}),
        ("example", None),
        ("example", 10**400),
    ],
    ids=ascii,
)
def test_refuses_a_feature_with_a_field_of_the_wrong_type(field, value):
    assert refusal_of_feature({**FEATURE, field: value}).endswith(f"has no valid {field!r}")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"minimum": 2, "maximum": 1}, "maximum"),
        ({"minimum": 1.6}, "example"),
        ({"maximum": 1.4}, "example"),
        ({"kind": "category", "dtype": "str", "categories": ["a", "a"], "example": "a"}, "categories"),
        ({"kind": "category", "dtype": "str", "categories": [], "example": "a"}, "categories"),
        ({"kind": "category", "dtype": "str", "categories": ["a"], "example": "b"}, "example"),
        ({"kind": "text", "dtype": "str", "example": 1}, "example"),
        ({"kind": "text", "dtype": "str", "example": "\ud800"}, "example"),
        ({"kind": "text", "dtype": "str", "minimum": 0}, "minimum"),
        ({"kind": "boolean", "dtype": "bool", "example": 1}, "example"),
        ({"kind": "integer", "dtype": "int64", "example": 1.0}, "example"),
        ({"kind": "integer", "dtype": "int64", "example": 2**63}, "example"),
        ({**DATE, "example": "2026-02-30"}, "example"),
        ({**DATE, "example": 20261130}, "example"),
        ({**DATE, "minimum": "2027-01-01"}, "example"),
        ({**DATE, "minimum": "20260101"}, "minimum"),
        ({**DATE, "maximum": 2030}, "maximum"),
        ({**DATE, "minimum": "2026-12-01", "maximum": "2026-01-01"}, "maximum"),
        ({**DATE, "observed": [1, 2]}, "observed"),
        ({"observed": ["2026-01-01", "2026-12-31"]}, "observed"),
    ],
    ids=ascii,
)
def test_refuses_a_feature_with_contradictory_fields(fields, field):
    assert refusal_of_feature({**FEATURE, **fields}).endswith(f"has no valid {field!r}")


def unheld_sentence(dtype: str, unheld: str) -> str:
    return f"the feature 'x' has the dtype {dtype}, which cannot hold {unheld}: convert the column before fitting"


@pytest.mark.parametrize(
    ("dtype", "fields", "unheld"),
    [
        ("int8", {"kind": "integer", "example": 1}, f"every integer from {-(2**63)} to {2**63 - 1}"),
        ("float32", {}, f"every number from {-FLOAT64_MAX} to {FLOAT64_MAX}"),
        ("float32", {"minimum": 0, "maximum": 1e39}, "every number from 0 to 1e+39"),
        ("int64", {}, "every number"),
        ("bool", {"kind": "boolean", "nullable": True}, "null"),
        ("category", {"kind": "text", "example": "a"}, "every text"),
        ("str", A_DATE, "every date"),
        ("datetime64[us, UTC]", A_DATE, "every date"),
        ("datetime64[ns]", {**A_DATE, "maximum": LAST}, f"every date from 1677-09-22 to {LAST}"),
    ],
    ids=[
        "no bounds for int8",
        "no bounds for float32",
        "bounds beyond float32",
        "numbers in int64",
        "null among bool",
        "texts in a category",
        "dates in strings",
        "dates in a time zone",
        "bounds beyond nanoseconds",
    ],
)
def test_refuses_a_feature_that_its_dtype_cannot_hold(dtype, fields, unheld):
    assert refusal_of_feature({**FEATURE, "dtype": dtype, **fields}) == unheld_sentence(dtype, unheld)


@pytest.mark.parametrize("dtype", ["float65", "f4,,", "i1,i2", "complex64", "period[D]", "Sparse[float64]"])
def test_refuses_an_unsupported_dtype(dtype):
    assert refusal_of_feature({**FEATURE, "dtype": dtype}) == unheld_sentence(dtype, "every number")
