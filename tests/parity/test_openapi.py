"""Both services document the same interface: paths, methods, words, statuses, schemas."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ..artifacts import OTHERS
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
    if "$ref" in schema:
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


@pytest.mark.parametrize("name", ["trained", *OTHERS])
def test_the_documents_are_alike(name, trained_artifact, tmp_path):
    artifact = trained_artifact if name == "trained" else tmp_path / name
    if name != "trained":
        OTHERS[name](artifact)
    documents = []
    for backend in BACKENDS:
        with running(backend, artifact) as service:
            documents.append(operations(httpx.get(f"{service.url}/openapi.json").json()))

    assert documents[0] == documents[1]
