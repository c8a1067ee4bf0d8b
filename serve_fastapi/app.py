"""The application: its parts put together around a service that is not started yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from serve_core.access import AccessLog
from serve_core.openapi import DESCRIPTION
from serve_core.service import Service
from serve_core.settings import Settings

from .docs import docs_routes
from .errors import add_error_handlers
from .middleware import RequestMiddleware
from .routes import add_service_routes


def create_app(service: Service, settings: Settings) -> FastAPI:
    """The lifespan starts and stops the service; its state tells the server's protocol what the settings say."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, float]]:
        service.start(asyncio.get_running_loop())
        yield {"read_s": read_s}
        service.stop()

    read_s = settings.read_ms / 1000
    manifest = service.model.manifest
    app = FastAPI(
        title=manifest.name,
        version=manifest.version,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    app.add_middleware(RequestMiddleware, access_log=AccessLog(service.metrics, settings), read_s=read_s)
    add_error_handlers(app)
    add_service_routes(app, service, settings)
    app.include_router(docs_routes)
    return app
