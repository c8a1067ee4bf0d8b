"""Both services document the same interface: paths, methods, words, statuses, schemas."""

from __future__ import annotations

import httpx
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeRegressor

from model.packaging import save

from ..openapi import operations
from ..services import BACKENDS, running


# Together they have every kind of feature, and several outputs; `tests.fuzz` compares the other artifacts.
@pytest.mark.parametrize("artifact", ["served", "every_kind", "two_labels"], indirect=True)
def test_the_documents_are_alike(artifact):
    first, second = documents(artifact)

    assert first == second


def test_special_names_and_single_categories_are_documented_alike(tmp_path):
    rows = range(10)
    frame = pd.DataFrame({"$ref": rows, "title": rows, "anyOf": rows, "only": "one", "only if any": ["one", None] * 5})
    transformer = make_column_transformer((OrdinalEncoder(), ["only", "only if any"]), remainder="passthrough")
    estimator = make_pipeline(transformer, DecisionTreeRegressor())
    save(estimator.fit(frame, rows), frame, tmp_path / "artifact", list(rows))

    first, second = documents(tmp_path / "artifact")

    assert first == second


def documents(artifact):
    for backend in BACKENDS:
        with running(backend, artifact) as service:
            yield operations(httpx.get(f"{service.url}/openapi.json").json())
