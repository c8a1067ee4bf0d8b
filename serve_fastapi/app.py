"""The application: routes, error handlers and middleware around a service, which its lifespan starts and stops."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from serve_core.service import Service
from serve_core.settings import Settings
from serve_core.telemetry.access import AccessLog
from serve_core.wire.openapi import DESCRIPTION

from .docs import docs_routes
from .errors import add_error_handlers
from .middleware import RequestMiddleware
from .routes import predict_routes, status_routes


def create_app(service: Service, settings: Settings) -> FastAPI:
    """A complete application. If another one mounts it, that one enters `with service:` in its own lifespan."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with service:
            yield

    manifest = service.model.manifest
    app = FastAPI(
        title=manifest.name,
        version=manifest.version,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # our page needs no CDN
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    app.add_middleware(RequestMiddleware, service=service, access_log=AccessLog(service.metrics, settings))
    add_error_handlers(app)
    app.include_router(predict_routes(service.model, settings))
    app.include_router(status_routes)
    app.include_router(docs_routes)
    return app
