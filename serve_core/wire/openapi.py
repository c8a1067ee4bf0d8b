"""Texts and schemas of the OpenAPI documents that no framework decides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from model.schema.signature import Feature

from .problems import MEDIA_TYPE, title_of

DESCRIPTION = "Predictions of one scikit-learn model. Refusals are problem documents (RFC 9457) with stable codes."

# `/readyz` and `/model` have a field `example` only if it is true.
EXAMPLE = "true where the example is served, because no other model is packaged"

_ERROR = {
    "type": "object",
    "properties": {
        "pointer": {"type": "string", "description": "a JSON pointer (RFC 6901) into the body"},
        "in": {"type": "string", "description": "where the parameter is, if the fault is not in the body"},
        "name": {"type": "string", "description": "of the parameter"},
        "code": {"type": "string", "description": "stable, for programs"},
        "detail": {"type": "string", "description": "what was expected, for a person"},
    },
    "required": ["code", "detail"],
    "additionalProperties": False,
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stable, for programs"},
        "detail": {"type": "string", "description": "a sentence for a person"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": _ERROR},
        "truncated": {"type": "boolean", "description": "true where there are more errors than are listed"},
    },
    "required": ["type", "title", "status", "code", "detail"],
    "additionalProperties": False,
}


def problem_responses(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"description": title_of(status), "content": {MEDIA_TYPE: {"schema": PROBLEM}}} for status in statuses
    }


def description_of(feature: Feature) -> str:
    """A feature's unit and observed range: "in mm, 32.1 to 59.6 in the training data"."""
    unit = [f"in {feature.unit}"] if feature.unit else []
    observed = ["{:g} to {:g} in the training data".format(*feature.observed)] if feature.observed else []
    return ", ".join(unit + observed) or feature.kind
