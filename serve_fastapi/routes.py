"""The routes of the service, path by path."""

# Without `from __future__ import annotations`: FastAPI could not find `PredictBody`, which is defined in a function.
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from model.artifact import Model
from serve_core.settings import Settings
from serve_core.telemetry.metrics import MEDIA_TYPE
from serve_core.wire import documents
from serve_core.wire.documents import JSON
from serve_core.wire.openapi import problem_responses

from .body import json_route
from .responses import ModelDocument, Readiness, Status, response_model
from .state import ServiceDep, predictions_of
from .validation import refusal_of, request_model


def name_of(route: APIRoute) -> str:
    """The id of an operation in the OpenAPI document: the name of its function."""
    return route.name


# An application that includes these routes sets `app.state.service` and calls `add_error_handlers(app)`.
status_routes = APIRouter(generate_unique_id_function=name_of)


def predict_routes(model: Model, settings: Settings) -> APIRouter:
    """The route whose request and response are declared by the model's signature."""
    PredictBody: Any = request_model(model.signature, settings.max_instances)
    route = json_route(settings.max_body_bytes, settings.max_instances, partial(refusal_of, signature=model.signature))
    routes = APIRouter(route_class=route, generate_unique_id_function=name_of)

    @routes.post(
        "/predict",
        response_model=response_model(model),
        responses=problem_responses([400, 413, 415, 422, 500, 503, 504]),
    )
    async def predict(body: PredictBody, request: Request, service: ServiceDep) -> Response:
        """One prediction per instance, in the same order."""
        predictions = await predictions_of(body.rows(), request, service)
        # Return bytes: FastAPI need not validate predictions that the model has just made.
        return Response(documents.predictions_document(predictions, service.model), media_type=JSON)

    return routes


@status_routes.head("/model", include_in_schema=False)
@status_routes.get("/model", response_model=ModelDocument)
async def describe_model(service: ServiceDep) -> Response:
    """The model that is served: signature, metrics, versions, runtime."""
    return Response(documents.model_document(service.model), media_type=JSON)


@status_routes.head("/livez", include_in_schema=False)
@status_routes.get("/livez")
async def livez() -> Status:
    """The process answers."""
    return Status(status="alive")


@status_routes.head("/readyz", include_in_schema=False)
@status_routes.get("/readyz", response_model=Readiness, responses=problem_responses([503]))
async def readyz(service: ServiceDep) -> Response:
    """The service is ready for predictions, or says why not."""
    service.check_ready()
    return Response(documents.ready_document(service.model), media_type=JSON)


@status_routes.head("/metrics", include_in_schema=False)
@status_routes.get("/metrics", response_class=Response)
async def scrape_metrics(service: ServiceDep) -> Response:
    """Prometheus metrics of all workers."""
    return Response(service.metrics.scrape(), media_type=MEDIA_TYPE)
