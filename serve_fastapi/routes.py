"""What the service answers, path by path."""

from typing import Any

from fastapi import APIRouter, Response

from model.artifact import Model
from serve_core import documents, metrics
from serve_core.openapi import problem_responses
from serve_core.settings import Settings

from .body import ValidatedRequest, json_route
from .responses import ModelDocument, ServedModel, Status, response_model
from .state import ServiceDep
from .validation import request_model
from .waiting import predictions_of


class JSON(Response):
    """Bytes that are JSON already."""

    media_type = "application/json"


def service_routes(model: Model, settings: Settings) -> APIRouter:
    """The routes, with request and response declared from the model's signature."""
    Request: Any = request_model(model.signature, settings.max_instances)
    Answer: Any = response_model(model)
    served = ServedModel(name=model.manifest.name, version=model.manifest.version)
    model_document = documents.model_document(model)
    json_routes = APIRouter(route_class=json_route(Request.of, settings.max_body_bytes))

    @json_routes.post("/predict", responses=problem_responses([400, 413, 415, 422, 500, 503, 504]))
    async def predict(body: Request, request: ValidatedRequest, service: ServiceDep) -> Answer:
        """One prediction per instance, in the same order."""
        return Answer.of(await predictions_of(body.rows(), request, service), served)

    routes = APIRouter()
    routes.include_router(json_routes)

    @routes.get("/model", response_model=ModelDocument)
    async def describe_model() -> JSON:
        """What is served: signature, metrics, versions, runtime."""
        return JSON(model_document)

    @routes.get("/livez", response_model=Status)
    async def livez() -> JSON:
        """The process answers."""
        return JSON(documents.ALIVE)

    @routes.get("/readyz", response_model=Status, responses=problem_responses([503]))
    async def readyz(service: ServiceDep) -> JSON:
        """The service takes predictions, or says why not."""
        service.check_ready()
        return JSON(documents.READY)

    @routes.get("/metrics", response_class=Response)
    async def scrape_metrics() -> Response:
        """Prometheus metrics of all workers."""
        return Response(metrics.scrape(), media_type=metrics.MEDIA_TYPE)

    return routes
