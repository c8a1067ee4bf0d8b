"""Bytes that are JSON, as Flask sends them."""

from __future__ import annotations

import orjson
from flask import Response

from model.prediction import Prediction


class JSON(Response):
    default_mimetype = "application/json"


def predict_response(predictions: list[Prediction], served: dict[str, str]) -> JSON:
    # Not Flask's own provider: the standard library's JSON writes floats otherwise than Pydantic.
    return JSON(orjson.dumps({"predictions": predictions, "model": served}))
