"""Sends the same bad requests to four handlers: unchecked, checked by hand, with lax and with strict Pydantic."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import isfinite
from typing import Any, Literal

import pandas as pd
from fastapi import FastAPI
from flask import Flask, abort, request
from pydantic import BaseModel, ConfigDict

from .clients import ask
from .corpus import bad_bodies, good_body
from .subject import signature, training

JSON = "application/json"
KEYS = {"mass_kg", "legs", "tame", "kind"}
KINDS = ("ant", "bird", "cat", "dog")

Answer = tuple[int, str]  # status, content type
Handler = Callable[[bytes], Answer]


class Animal(BaseModel):
    mass_kg: float | None
    legs: int
    tame: bool
    kind: Literal["ant", "bird", "cat", "dog"]


class Animals(BaseModel):
    instances: list[Animal]


class StrictAnimal(Animal):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class StrictAnimals(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    instances: list[StrictAnimal]


def bad_requests() -> dict[str, float]:
    """How many of the bad requests each handler lets through, answers with 500, and answers with 500 in HTML."""
    bodies = list(bad_bodies(signature()))
    handlers = {"naive": _naive(), "manual": _manual(), "pydantic_lax": _lax(), "pydantic_strict": _strict()}
    found = {"requests": float(len(bodies))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's warnings about such input
        for name, answer in handlers.items():
            assert answer(good_body(signature()))[0] == 200, f"{name} refuses a good request"
            answers = [answer(body) for body in bodies]
            found[f"{name}_let_through"] = float(sum(status == 200 for status, _ in answers))
            found[f"{name}_500"] = float(sum(status == 500 for status, _ in answers))
            found[f"{name}_500_html"] = float(sum(each[0] == 500 and "html" in each[1] for each in answers))
    return found


def _naive() -> Handler:
    app = Flask(__name__)

    @app.post("/predict")
    def predict() -> dict[str, Any]:
        return _predictions(request.get_json()["instances"])

    return _asked_of_flask(app)


def _manual() -> Handler:
    app = Flask(__name__)

    def is_number(value: object) -> bool:
        return type(value) is int or (type(value) is float and isfinite(value))

    def is_valid(instance: Any) -> bool:
        return (
            isinstance(instance, dict)
            and instance.keys() == KEYS
            and (instance["mass_kg"] is None or is_number(instance["mass_kg"]))
            and type(instance["legs"]) is int
            and type(instance["tame"]) is bool
            and isinstance(instance["kind"], str)
            and instance["kind"] in KINDS
        )

    @app.post("/predict")
    def predict() -> dict[str, Any]:
        body = request.get_json()
        if not isinstance(body, dict) or not isinstance(body.get("instances"), list):
            abort(422)
        if not all(map(is_valid, body["instances"])):
            abort(422)
        return _predictions(body["instances"])

    return _asked_of_flask(app)


def _lax() -> Handler:
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.post("/predict")
    async def predict(body: Animals) -> dict[str, Any]:
        return _predictions(body.model_dump()["instances"])

    return _asked_of_fastapi(app)


def _strict() -> Handler:
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.post("/predict")
    async def predict(body: StrictAnimals) -> dict[str, Any]:
        return _predictions(body.model_dump()["instances"])

    return _asked_of_fastapi(app)


def _predictions(instances: Any) -> dict[str, Any]:
    estimator, frame = training()
    return {"labels": estimator.predict(pd.DataFrame(instances)[list(frame.columns)]).tolist()}


def _asked_of_flask(app: Flask) -> Handler:
    app.logger.disabled = True  # the errors are counted
    client = app.test_client()

    def asked(body: bytes) -> Answer:
        response = client.post("/predict", data=body, content_type=JSON)
        return response.status_code, response.content_type

    return asked


def _asked_of_fastapi(app: FastAPI) -> Handler:
    def asked(body: bytes) -> Answer:
        response = ask(app, "POST", "/predict", content=body, headers={"Content-Type": JSON})
        return response.status_code, response.headers["content-type"]

    return asked
