"""The views of the service, path by path."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response, current_app

from serve_core.telemetry.metrics import MEDIA_TYPE
from serve_core.wire import documents
from serve_core.wire.documents import JSON

from .body import read_json
from .openapi import openapi_document
from .state import predictions_of, state
from .validation import rows_of

# `openapi.py` describes the views by their names, and takes the descriptions from their docstrings.
service_routes = Blueprint("service", __name__)


@service_routes.post("/predict")
def predict() -> Response:
    """One prediction per instance, in the same order."""
    current = state()
    document = read_json(current.settings.max_body_bytes, current.settings.max_instances)
    rows = rows_of(document, current.columns, current.settings.max_instances)
    return Response(documents.predictions_document(predictions_of(rows), current.service.model), mimetype=JSON)


@service_routes.get("/model")
def describe_model() -> Response:
    """The model that is served: signature, metrics, versions, runtime."""
    return Response(documents.model_document(state().service.model), mimetype=JSON)


@service_routes.get("/livez")
def livez() -> Response:
    """The process answers."""
    return Response(documents.ALIVE, mimetype=JSON)


@service_routes.get("/readyz")
def readyz() -> Response:
    """The service is ready for predictions, or says why not."""
    service = state().service
    service.check_ready()
    return Response(documents.ready_document(service.model), mimetype=JSON)


@service_routes.get("/metrics")
def scrape_metrics() -> Response:
    """Prometheus metrics of all workers."""
    return Response(state().service.metrics.scrape(), content_type=MEDIA_TYPE)


@service_routes.get("/openapi.json")
def openapi() -> Response:
    current = state()
    document = openapi_document(current_app, current.service.model, current.settings.max_instances)
    return Response(orjson.dumps(document), mimetype=JSON)
