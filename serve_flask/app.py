"""The application: its parts put together around a service that is not started yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from werkzeug.routing import MapAdapter

from serve_core.access import AccessLog
from serve_core.service import Service
from serve_core.settings import Settings

from .docs import docs_routes
from .errors import add_error_handlers
from .middleware import add_request_hooks
from .routes import service_routes
from .state import State


class PlainFlask(Flask):
    """Routes by path and method alone: Werkzeug has refusals of its own for a Host or an Upgrade that it dislikes."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is None:
            return super().create_url_adapter(None)
        # `bind` would encode the name of the host anew for each request.
        return MapAdapter(self.url_map, "localhost", "/", "", "http", request.path, request.method)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view and no hook is async: Flask would look into each of them anew for each request."""
        return func


def create_app(service: Service, settings: Settings) -> Flask:
    """The server starts and stops the service, in the process that serves."""
    app = PlainFlask(__name__, static_folder=None)
    # Paths and methods as they are: no redirect, no OPTIONS that nobody wrote.
    app.url_map.merge_slashes = False
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions["state"] = State(service, settings)
    add_request_hooks(app, AccessLog(service.metrics, settings))
    add_error_handlers(app)
    app.register_blueprint(service_routes)
    app.register_blueprint(docs_routes)
    return app
