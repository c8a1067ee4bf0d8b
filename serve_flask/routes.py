"""What the service answers, path by path."""

from __future__ import annotations

from flask import Blueprint, Response

from serve_core import documents, metrics

from .body import read_rows
from .responses import JSON, predict_response
from .state import state

service_routes = Blueprint("service", __name__)


@service_routes.post("/predict")
def predict() -> JSON:
    """One prediction per instance, in the same order."""
    service = state().service
    predictions = service.submit(read_rows())
    try:
        return predict_response(predictions.result(service.deadline_s), state().served)
    except TimeoutError:
        predictions.cancel()
        raise service.deadline_passed() from None


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
