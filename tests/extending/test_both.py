"""One application of each framework, in one process."""

from __future__ import annotations

from a2wsgi import WSGIMiddleware
from fastapi.testclient import TestClient

from serve_fastapi.app import create_app as create_fastapi_app
from serve_flask.app import create_app as create_flask_app


def test_the_flask_application_is_mounted_in_the_fastapi_one(model_service, settings, body):
    app = create_fastapi_app(model_service, settings)
    app.mount("/flask", WSGIMiddleware(create_flask_app(model_service, settings)))

    with TestClient(app) as client:
        first, second = (client.post(path, json=body) for path in ("/predict", "/flask/predict"))

    assert first.status_code == second.status_code == 200
    assert first.content == second.content
