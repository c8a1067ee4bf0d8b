"""The views of the service, path by path."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response, current_app

from serve_core.telemetry.metrics import MEDIA_TYPE
from serve_core.wire import documents

from .body import read_json
from .openapi import openapi_document
from .responses import JsonBytes
from .state import predictions_of, state
from .validation import rows_of

service_routes = Blueprint("service", __name__)


@service_routes.post("/predict")
def predict() -> JsonBytes:
    """One prediction per instance, in the same order."""
    current = state()
    document = read_json(current.settings.max_body_bytes, current.settings.max_instances)
    rows = rows_of(document, current.columns, current.settings.max_instances)
    return JsonBytes(documents.predictions_document(predictions_of(rows), current.service.model))


@service_routes.get("/model")
def describe_model() -> JsonBytes:
    """The model that is served: signature, metrics, versions, runtime."""
    return JsonBytes(documents.model_document(state().service.model))


@service_routes.get("/livez")
def livez() -> JsonBytes:
    """The process answers."""
    return JsonBytes(documents.ALIVE)


@service_routes.get("/readyz")
def readyz() -> JsonBytes:
    """The service is ready for predictions, or says why not."""
    state().service.check_ready()
    return JsonBytes(documents.READY)


@service_routes.get("/metrics")
def scrape_metrics() -> Response:
    """Prometheus metrics of all workers."""
    return Response(state().service.metrics.scrape(), content_type=MEDIA_TYPE)


@service_routes.get("/openapi.json")
def openapi() -> JsonBytes:
    current = state()
    return JsonBytes(orjson.dumps(openapi_document(current_app, current.service.model, current.settings.max_instances)))
