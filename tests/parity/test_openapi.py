"""Both services document the same interface: paths, methods, words, statuses, schemas."""

from __future__ import annotations

from typing import Any

import httpx
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeRegressor

from model.packaging import save

from ..services import BACKENDS, running


def inlined(schema: Any, components: dict[str, Any]) -> Any:
    """The schema without titles, and with `$ref` replaced by what it names.

    FastAPI writes every bound as a double, so they are compared as doubles.
    """
    if isinstance(schema, list):
        return [inlined(item, components) for item in schema]
    if isinstance(schema, int) and not isinstance(schema, bool):
        return float(schema)
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        return inlined(components[schema["$ref"].rpartition("/")[2]], components)
    return {key: inlined(value, components) for key, value in schema.items() if not is_title(key, value)}


def is_title(key: str, value: Any) -> bool:
    return key == "title" and isinstance(value, str)


def operations(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    components = document.get("components", {}).get("schemas", {})
    return {
        (path, method): {
            "words": [operation[key] for key in ("summary", "description", "operationId")],
            "request": inlined(operation.get("requestBody"), components),
            "responses": {
                status: inlined(response.get("content", {}), components)
                for status, response in operation["responses"].items()
            },
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


# Between them every kind of feature, and several outputs; those of the others are compared by `tests.fuzz`.
@pytest.mark.parametrize("artifact", ["served", "every_kind", "two_labels"], indirect=True)
def test_the_documents_are_alike(artifact):
    first, second = documents(artifact)

    assert first == second


def test_names_that_mean_something_in_a_schema_and_single_categories_are_documented_alike(tmp_path):
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
