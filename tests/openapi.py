"""The part of an OpenAPI document that is the contract, however a framework writes it."""

from __future__ import annotations

from typing import Any


def inlined(schema: Any, components: dict[str, Any]) -> Any:
    """The schema without titles, and with `$ref` replaced by what it names.

    Some frameworks write every bound as a double, so bounds are compared as doubles.
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
