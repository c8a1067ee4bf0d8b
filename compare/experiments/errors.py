"""The format of the frameworks' own error answers: HTML or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastapi import FastAPI
from flask import Flask, request

from .clients import ask

Request = tuple[str, str, bytes, str]  # method, path, body, content type

# An unknown path, a wrong method, a body that is not JSON, a body of another type, and a bug.
ERRORS: Mapping[int, Request] = {
    404: ("POST", "/nothing", b"{}", "application/json"),
    405: ("PUT", "/predict", b"{}", "application/json"),
    400: ("POST", "/predict", b"{", "application/json"),
    415: ("POST", "/predict", b"{}", "text/plain"),
    500: ("POST", "/bug", b"{}", "application/json"),
}


def error_types() -> dict[str, float]:
    """The shares of each framework's own error answers in HTML, in JSON and in plain text."""
    shares = {}
    for name, types in {"flask": list(_types_of_flask()), "fastapi": list(_types_of_fastapi())}.items():
        for kind, media_type in {"html": "text/html", "json": "application/json", "text": "text/plain"}.items():
            shares[f"{name}_{kind}"] = sum(each.startswith(media_type) for each in types) / len(types)
    return shares


def _types_of_flask() -> Iterable[str]:
    app = Flask(__name__)

    @app.post("/predict")
    def predict() -> dict[str, object]:
        return {"got": request.get_json()}

    @app.post("/bug")
    def bug() -> dict[str, object]:
        raise ZeroDivisionError

    app.logger.disabled = True  # the errors are counted
    client = app.test_client()
    for method, path, body, content_type in ERRORS.values():
        yield client.open(path, method=method, data=body, content_type=content_type).content_type


def _types_of_fastapi() -> Iterable[str]:
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.post("/predict")
    def predict(got: dict[str, object]) -> dict[str, object]:
        return got

    @app.post("/bug")
    def bug() -> None:
        raise ZeroDivisionError

    for method, path, body, content_type in ERRORS.values():
        response = ask(app, method, path, content=body, headers={"Content-Type": content_type})
        yield response.headers.get("content-type", "")
