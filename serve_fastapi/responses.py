"""What the routes declare that they answer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from model.artifact import Model
from model.prediction import Outputs, Prediction

from .validation import typed_dict


class ServedModel(BaseModel):
    name: str
    version: str


class PredictResponse(BaseModel):
    """What the answers of all models share; `response_model` says what a prediction is."""

    predictions: list[Any]
    model: ServedModel

    @classmethod
    def of(cls, predictions: list[Prediction], model: ServedModel) -> PredictResponse:
        """Not validated: these are our own words, not a client's."""
        return cls.model_construct(predictions=predictions, model=model)


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
    labels: list[str | int | float | bool]
    has_probabilities: bool
    signature: dict[str, Any]
    metrics: dict[str, float] | None
    libraries: dict[str, str]
    runtime: Runtime


def response_model(model: Model) -> type[PredictResponse]:
    """The answer's model, built from what the estimator predicts."""
    fields = _fields(model.manifest.outputs)
    prediction: Any = typed_dict("Prediction", fields)
    return create_model("PredictResponse", __base__=PredictResponse, predictions=(list[prediction], ...))


def _fields(outputs: Outputs) -> dict[str, Any]:
    if outputs.task == "regression":
        return {"value": float}
    labels: list[Any] = list(outputs.labels)
    label: Any = Annotated[type(labels[0]), Field(json_schema_extra={"enum": labels})]
    return {"label": label, "probabilities": dict[str, float]} if outputs.has_probabilities else {"label": label}
