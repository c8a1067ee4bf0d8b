"""The OpenAPI document, built from the signature."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import getdoc
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from model.artifact import Model
from model.schema.outputs import Output
from model.schema.signature import INT64_MAX, INT64_MIN, Feature, Signature
from serve_core.wire.openapi import DESCRIPTION, EXAMPLE, description_of, problem_responses

from .middleware import template_of

Schema = dict[str, Any]

TYPES = {"number": "number", "integer": "integer", "boolean": "boolean", "category": "string", "text": "string"}
LABEL_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def openapi_document(app: Flask, model: Model, max_instances: int) -> Schema:
    """Describes our routes in full, and others by their path, methods and docstring."""
    manifest = model.manifest
    described = _described(model, max_instances)
    paths: dict[str, Schema] = {}
    for rule in app.url_map.iter_rules():
        blueprints, _, name = rule.endpoint.rpartition(".")
        blueprint = blueprints.rpartition(".")[2]
        if blueprint == "docs" or name == "static" or (blueprint, name) == ("service", "openapi"):
            continue
        is_ours = blueprint == "service" and name in described
        operation = {
            "summary": name.replace("_", " ").title(),
            "description": getdoc(app.view_functions[rule.endpoint]) or "",
            "operationId": name if is_ours else rule.endpoint,
            **(described[name] if is_ours else _undescribed(rule)),
        }
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        paths.setdefault(template_of(rule), {}).update({method.lower(): operation for method in methods})
    return {
        "openapi": "3.1.0",
        "info": {"title": manifest.name, "description": DESCRIPTION, "version": manifest.version},
        "paths": paths,
    }


def _described(model: Model, max_instances: int) -> dict[str, Schema]:
    manifest = model.manifest
    return {
        "predict": {
            "requestBody": {"required": True, "content": _json(_request(manifest.signature, max_instances))},
            "responses": _responses(_json(_answer(manifest.outputs)), problems=[400, 413, 415, 422, 500, 503, 504]),
        },
        "describe_model": {"responses": _responses(_json(_marked(_MODEL)), problems=[])},
        "livez": {"responses": _responses(_json(_STATUS), problems=[])},
        "readyz": {"responses": _responses(_json(_marked(_STATUS)), problems=[503])},
        "scrape_metrics": {"responses": _responses({}, problems=[])},
    }


def _undescribed(rule: Rule) -> Schema:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in sorted(rule.arguments)
    ]
    return {"responses": _responses({}, problems=[]), **({"parameters": parameters} if parameters else {})}


def _responses(content: Schema, problems: list[int]) -> Schema:
    ok = {"200": {"description": "Successful Response", **({"content": content} if content else {})}}
    return ok | {str(status): response for status, response in problem_responses(problems).items()}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _object(properties: Schema, **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), **more}


def _marked(schema: Schema) -> Schema:
    """The schema with a field that only the example has."""
    example = {"type": "boolean", "default": False, "description": EXAMPLE}
    return {**schema, "properties": {**schema["properties"], "example": example}}


def _request(signature: Signature, max_instances: int) -> Schema:
    instance = _object({feature.name: _feature(feature) for feature in signature.features}, additionalProperties=False)
    instances = {
        "type": "array",
        "items": instance,
        "minItems": 1,
        "maxItems": max_instances,
        "examples": [[signature.example]],
    }
    return _object({"instances": instances}, additionalProperties=False)


def _feature(feature: Feature) -> Schema:
    schema: Schema = {"type": TYPES[feature.kind]}
    if feature.kind == "category":
        # A single category is a constant in JSON Schema.
        schema |= (
            {"enum": list(feature.categories)} if len(feature.categories) > 1 else {"const": feature.categories[0]}
        )
    least, most = feature.minimum, feature.maximum
    if feature.kind == "integer":
        least = INT64_MIN if least is None else least
        most = INT64_MAX if most is None else most
    if least is not None:
        schema["minimum"] = least
    if most is not None:
        schema["maximum"] = most
    if feature.nullable:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "description": description_of(feature), "examples": [feature.example]}


def _answer(outputs: Sequence[Output]) -> Schema:
    served = _object({"name": {"type": "string"}, "version": {"type": "string"}})
    if len(outputs) == 1:
        prediction = _prediction(outputs[0])
    else:
        prediction = _object({"outputs": _object({str(output.name): _prediction(output) for output in outputs})})
    return _object({"predictions": {"type": "array", "items": prediction}, "model": served})


def _prediction(output: Output) -> Schema:
    if not output.is_label:
        return _object({"value": {"type": "number"}})
    label: Schema = {"type": LABEL_TYPES[output.label_type]}
    if output.labels:
        label["enum"] = list(output.labels)
    if not output.has_probabilities:
        return _object({"label": label})
    return _object({"label": label, "probabilities": {"type": "object", "additionalProperties": {"type": "number"}}})


_STRING: Schema = {"type": "string"}
_STATUS = _object({"status": _STRING})
_MODEL = _object(
    {
        "name": _STRING,
        "version": _STRING,
        "digest": {"type": "string", "description": "SHA-256 of the artifact's manifest"},
        "task": _STRING,
        "outputs": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "signature": {"type": "object", "additionalProperties": True},
        "metrics": {
            "anyOf": [{"type": "object", "additionalProperties": {"type": "number"}}, {"type": "null"}],
        },
        "scored_on": {"anyOf": [_STRING, {"type": "null"}]},
        "libraries": {"type": "object", "additionalProperties": _STRING},
        "runtime": _object({"name": _STRING, "reason": _STRING}),
    }
)
