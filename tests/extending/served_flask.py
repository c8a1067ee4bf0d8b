"""The Flask service with two more views: `gunicorn tests.extending.served_flask:app`."""

import atexit
import os
from typing import Any

from flask import request

from serve_core.process.loading import load_model
from serve_core.service import Service
from serve_core.settings import Settings
from serve_core.telemetry.logs import configure_logging
from serve_flask.app import create_app
from serve_flask.body import read_json
from serve_flask.state import predictions_of, state
from serve_flask.validation import rows_of

settings = Settings.from_env(os.environ)
configure_logging(settings)
service = Service(load_model(settings), settings)
service.start()
atexit.register(service.stop)
app = create_app(service, settings)


@app.get("/example")
def predict_example() -> list[Any]:
    """The prediction of the signature's example, this many times."""
    example = state().service.model.signature.example
    return predictions_of([list(example.values())] * request.args.get("times", 1, type=int))


@app.post("/rows")
def predict_rows() -> str:
    """The number of predictions."""
    document = read_json(settings.max_body_bytes, settings.max_instances)
    rows = rows_of(document, state().columns, settings.max_instances)
    return str(len(predictions_of(rows)))
