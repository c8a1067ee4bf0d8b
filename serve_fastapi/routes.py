"""What the service answers, path by path."""

from typing import Any

from fastapi import FastAPI, Request, Response

from serve_core import documents, metrics
from serve_core.openapi import problem_responses
from serve_core.service import Service
from serve_core.settings import Settings

from .body import json_route
from .responses import JSON, ModelDocument, Status, response_model
from .state import ServiceDep
from .validation import request_model
from .waiting import predictions_of


def add_service_routes(app: FastAPI, service: Service, settings: Settings) -> None:
    """The routes, with request and response declared from the model's signature.

    On the application itself: a router that is included is searched anew for each request.
    """
    model = service.model
    Body: Any = request_model(model.signature, settings.max_instances)
    served = documents.served(model)
    model_document = documents.model_document(model)

    async def predict(body: Body, request: Request, service: ServiceDep) -> JSON:
        """One prediction per instance, in the same order."""
        return JSON(documents.predictions_document(await predictions_of(body.rows(), request, service), served))

    app.router.add_api_route(
        "/predict",
        predict,
        methods=["POST"],
        response_model=response_model(model),
        responses=problem_responses([400, 413, 415, 422, 500, 503, 504]),
        route_class_override=json_route(Body.of, service, settings.max_body_bytes),
    )

    @app.get("/model", response_model=ModelDocument)
    async def describe_model() -> JSON:
        """What is served: signature, metrics, versions, runtime."""
        return JSON(model_document)

    @app.get("/livez", response_model=Status)
    async def livez() -> JSON:
        """The process answers."""
        return JSON(documents.ALIVE)

    @app.get("/readyz", response_model=Status, responses=problem_responses([503]))
    async def readyz(service: ServiceDep) -> JSON:
        """The service takes predictions, or says why not."""
        service.check_ready()
        return JSON(documents.READY)

    @app.get("/metrics", response_class=Response)
    async def scrape_metrics() -> Response:
        """Prometheus metrics of all workers."""
        return Response(metrics.scrape(), media_type=metrics.MEDIA_TYPE)
