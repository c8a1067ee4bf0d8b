"""How much of a service a framework documents by itself: routes, answers, and whether the page works offline."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from flask import Flask, request
from pydantic import BaseModel

from .clients import ask

# Requests with one fault each: a value of a wrong type, a wrong method, a bug in the route.
REFUSED: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/predict", {"number": "many"}),
    ("PUT", "/predict", {"number": 1.0}),
    ("POST", "/predict", {"number": 0.0}),
)


class Row(BaseModel):
    number: float


def documentation() -> dict[str, float]:
    """The shares of routes and of observed refusals that it describes, and the hosts that its page needs."""
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
