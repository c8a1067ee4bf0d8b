"""What a framework says of a service by itself: which routes, which answers, and whether offline."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from flask import Flask, request
from pydantic import BaseModel

from .clients import ask

# Of a route, each with what is wrong: a value of no right type, a method, and a bug.
REFUSED: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/predict", {"number": "many"}),
    ("PUT", "/predict", {"number": 1.0}),
    ("POST", "/predict", {"number": 0.0}),
)


class Row(BaseModel):
    number: float


def documentation() -> dict[str, float]:
    """Of its routes and of its refusals, as they were seen, the shares that it describes; hosts that its page needs."""
    app = _fastapi()
    described: dict[str, Any] = ask(app, "GET", "/openapi.json").json()["paths"]
    statuses = [str(ask(app, method, path, json=body).status_code) for method, path, body in REFUSED]
    page = ask(app, "GET", "/docs").text
    return {
        "fastapi_routes_described": float("post" in described.get("/predict", {})),
        "fastapi_refusals_described": sum(each in described["/predict"]["post"]["responses"] for each in statuses)
        / len(statuses),
        "fastapi_hosts_needed": float(len(set(re.findall(r"https://([^/\"']+)", page)))),
        "flask_routes_described": float(_flask().test_client().get("/openapi.json").status_code == 200),
    }


def _fastapi() -> FastAPI:
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.post("/predict")
    def predict(row: Row) -> float:
        return 1 / row.number

    return app


def _flask() -> Flask:
    app = Flask(__name__)

    @app.post("/predict")
    def predict() -> dict[str, float]:
        return {"value": 1 / request.get_json()["number"]}

    return app
