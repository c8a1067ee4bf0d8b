"""The models that declare the answers of the routes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from model.artifact import Model
from model.schema.outputs import Output
from serve_core.wire.openapi import EXAMPLE

from .validation import typed_dict


class ServedModel(BaseModel):
    name: str
    version: str


class PredictResponse(BaseModel):
    """The common part of all models' answers; `response_model` adds the shape of a prediction."""

    predictions: list[Any]
    model: ServedModel


class Status(BaseModel):
    status: str


class Marked(BaseModel):
    # The schemas of answers would otherwise require a field that has a default.
    model_config = ConfigDict(json_schema_mode_override="validation")

    example: bool = Field(default=False, description=EXAMPLE)


class Readiness(Marked, Status):
    pass


class Runtime(BaseModel):
    name: str
    reason: str


class ModelDocument(Marked):
    name: str
    version: str
    digest: str = Field(description="SHA-256 of the artifact's manifest")
    task: str
    outputs: list[dict[str, Any]]
    signature: dict[str, Any]
    metrics: dict[str, float] | None
    scored_on: str | None
    libraries: dict[str, str]
    runtime: Runtime


def response_model(model: Model) -> type[PredictResponse]:
    """The model of the answer, built from the outputs of the estimator."""
    outputs = model.manifest.outputs
    if len(outputs) == 1:
        prediction: Any = _prediction("Prediction", outputs[0])
    else:
        # As for requests: a TypedDict allows any string as the name of a field.
        fields = {output.name: _prediction(f"Output{index}", output) for index, output in enumerate(outputs)}
        prediction = typed_dict("Prediction", {"outputs": typed_dict("Outputs", fields)})
    return create_model("PredictResponse", __base__=PredictResponse, predictions=(list[prediction], ...))


def _prediction(name: str, output: Output) -> Any:
    if not output.is_label:
        return typed_dict(name, {"value": float})
    label: Any = output.label_type
    if output.labels:
        label = Annotated[label, Field(json_schema_extra={"enum": list(output.labels)})]
    fields = {"label": label, "probabilities": dict[str, float]} if output.has_probabilities else {"label": label}
    return typed_dict(name, fields)
