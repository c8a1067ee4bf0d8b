"""The running service in Flask's current application, and its predictions for a view."""

from __future__ import annotations

from flask import current_app

from model.schema.signature import Row
from serve_core.batching.jobs import Predictions
from serve_core.service import Service
from serve_core.settings import Settings
from serve_core.telemetry.access import AccessLog

from .validation import columns_of


class State:
    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        self.columns = columns_of(service.model.signature)
        self.access_log = AccessLog(service.metrics, settings)


def state() -> State:
    """The state that `init_app` stored in the current application."""
    found: State = current_app.extensions["serve"]
    return found


def predictions_of(rows: list[Row]) -> Predictions:
    """Wait for the predictions in the thread of the request. WSGI cannot tell that the client has left.

    Raises: the errors of `Service.submit` and of its future.
    """
    return state().service.submit(rows).result()
