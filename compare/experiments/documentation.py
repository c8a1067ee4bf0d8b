"""What a framework says of a service by itself: which routes, which answers, and whether offline."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from flask import Flask
from pydantic import BaseModel

from .clients import ask

# What FastAPI answers to these by itself, and so would have to describe: a body without JSON, a wrong method.
REFUSALS = ("422", "405")


class Row(BaseModel):
    number: float


def documentation() -> dict[str, float]:
    """Shares: of the routes, of the refusals that are described; and how many hosts the page loads something from."""
    described: dict[str, Any] = ask(_fastapi(), "GET", "/openapi.json").json()["paths"]
    page = ask(_fastapi(), "GET", "/docs").text
    flask = _flask().test_client()
    return {
        "fastapi_routes_described": float("post" in described.get("/predict", {})),
        "fastapi_refusals_described": sum(status in described["/predict"]["post"]["responses"] for status in REFUSALS)
        / len(REFUSALS),
        "fastapi_hosts_needed": float(len(set(re.findall(r"https://([^/\"']+)", page)))),
        "flask_routes_described": float(flask.get("/openapi.json").status_code == 200),
    }


def _fastapi() -> FastAPI:
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.post("/predict")
    def predict(row: Row) -> Row:
        return row

    return app


def _flask() -> Flask:
    app = Flask(__name__)

    @app.post("/predict")
    def predict() -> dict[str, object]:
        return {}

    return app
