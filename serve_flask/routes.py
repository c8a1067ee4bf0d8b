"""What the service answers, path by path."""

from __future__ import annotations

from flask import Blueprint, Response

from serve_core import documents, metrics

from .body import read_rows
from .responses import JSON
from .state import state
from .waiting import predictions_of

service_routes = Blueprint("service", __name__)


@service_routes.post("/predict")
def predict() -> JSON:
    """One prediction per instance, in the same order."""
    current = state()
    rows, n_body_bytes = read_rows(current)
    predictions = predictions_of(rows, n_body_bytes, current.service)
    return JSON(documents.predictions_document(predictions, current.served))


@service_routes.get("/model")
def describe_model() -> JSON:
    """What is served: signature, metrics, versions, runtime."""
    return JSON(state().model_document)


@service_routes.get("/livez")
def livez() -> JSON:
    """The process answers."""
    return JSON(documents.ALIVE)


@service_routes.get("/readyz")
def readyz() -> JSON:
    """The service takes predictions, or says why not."""
    state().service.check_ready()
    return JSON(documents.READY)


@service_routes.get("/metrics")
def scrape_metrics() -> Response:
    """Prometheus metrics of all workers."""
    return Response(metrics.scrape(), content_type=metrics.MEDIA_TYPE)


@service_routes.get("/openapi.json")
def openapi() -> JSON:
    return JSON(state().openapi_document)
