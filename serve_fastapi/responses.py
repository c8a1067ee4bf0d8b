"""What the routes answer, and what they declare of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Response
from pydantic import BaseModel, Field, create_model

from model.artifact import Model
from model.outputs import Output

from .validation import typed_dict


class JSON(Response):
    """Bytes that are JSON already."""

    media_type = "application/json"


class ServedModel(BaseModel):
    name: str
    version: str


class PredictResponse(BaseModel):
    """What the answers of all models share; `response_model` says what a prediction is."""

    predictions: list[Any]
    model: ServedModel


class Status(BaseModel):
    status: str


class Runtime(BaseModel):
    name: str
    reason: str


class ModelDocument(BaseModel):
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
    """The answer's model, built from what the estimator predicts."""
    outputs = model.manifest.outputs
    if len(outputs) == 1:
        prediction: Any = _prediction("Prediction", outputs[0])
    else:
        # As in a request, a TypedDict takes any string as the name of a field.
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
