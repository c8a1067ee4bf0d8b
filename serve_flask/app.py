"""The application: hooks, error handlers and routes around a service, which the server starts and stops."""

from __future__ import annotations

from flask import Blueprint, Flask

from serve_core.service import Service
from serve_core.settings import Settings

from .docs import docs_routes
from .errors import add_error_handlers
from .middleware import add_request_hooks
from .routes import service_routes
from .state import State


def create_app(service: Service, settings: Settings) -> Flask:
    """A complete application. Enter `with service:` in the process that serves."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # `/docs//x` is not another name of `/docs/x`
    init_app(app, service, settings)
    add_request_hooks(app)
    add_error_handlers(app)
    app.register_blueprint(service_routes)
    app.register_blueprint(docs_routes)
    return app


def init_app(app: Flask, service: Service, settings: Settings) -> None:
    """Give an application the service that its views use."""
    app.extensions["serve"] = State(service, settings)


def create_blueprint() -> Blueprint:
    """The service for an application of your own, which calls `init_app` and registers this blueprint under a prefix.

    Its hooks and error handlers only see the requests of its own views.
    """
    blueprint = Blueprint("serve", __name__)
    add_request_hooks(blueprint)
    add_error_handlers(blueprint)
    blueprint.register_blueprint(service_routes)
    blueprint.register_blueprint(docs_routes)
    return blueprint
