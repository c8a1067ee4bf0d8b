"""The FastAPI service with two more routes: `uvicorn tests.extending.served_fastapi:app`."""

import os
from typing import Any

from fastapi import Request

from serve_core.process.loading import load_model
from serve_core.service import Service
from serve_core.settings import Settings
from serve_core.telemetry.logs import configure_logging
from serve_fastapi.app import create_app
from serve_fastapi.state import ServiceDep, predictions_of
from serve_fastapi.validation import request_model

settings = Settings.from_env(os.environ)
configure_logging(settings)
service = Service(load_model(settings), settings)
app = create_app(service, settings)
PredictBody: Any = request_model(service.model.signature, settings.max_instances)


@app.get("/example")
async def predict_example(request: Request, service: ServiceDep, times: int = 1) -> list[Any]:
    """The prediction of the signature's example, this many times."""
    example = service.model.signature.example
    return await predictions_of([list(example.values())] * times, request, service)


@app.post("/rows")
def predict_rows(body: PredictBody, service: ServiceDep) -> int:
    """The number of predictions; runs in a thread, like every `def` route of FastAPI."""
    return len(service.submit(body.rows()).result())
