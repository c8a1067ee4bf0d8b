"""What a view asks Flask for: the running service, and what was made once from its model."""

from __future__ import annotations

import orjson
from flask import current_app

from serve_core.documents import model_document, served
from serve_core.service import Service
from serve_core.settings import Settings

from .openapi import openapi_document
from .validation import columns_of


class State:
    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service
        self.columns = columns_of(service.model.signature)
        self.max_body_bytes = settings.max_body_bytes
        self.max_instances = settings.max_instances
        self.served = served(service.model)
        self.model_document = model_document(service.model)
        self.openapi_document = orjson.dumps(openapi_document(service.model, settings.max_instances))


def state() -> State:
    """The current application's."""
    found: State = current_app.extensions["state"]
    return found
