"""Both services document features alike whose names or categories mean something to JSON Schema."""

from __future__ import annotations

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeRegressor

from model.packaging import save

from .test_openapi import documents


def test_special_names_and_single_categories_are_documented_alike(tmp_path):
    rows = range(10)
    frame = pd.DataFrame({"$ref": rows, "title": rows, "anyOf": rows, "only": "one", "only if any": ["one", None] * 5})
    transformer = make_column_transformer((OrdinalEncoder(), ["only", "only if any"]), remainder="passthrough")
    estimator = make_pipeline(transformer, DecisionTreeRegressor())
    save(estimator.fit(frame, rows), frame, tmp_path / "artifact", list(rows))

    first, second = documents(tmp_path / "artifact")

    assert first == second
