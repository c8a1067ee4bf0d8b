"""Flask with a view that asks an upstream, such as a feature store, and passes its answer on."""

import os
from http import HTTPStatus

from flask import Flask
from urllib3 import PoolManager

UPSTREAM_URL = os.environ["UPSTREAM_URL"]
AS_MANY_AS_ASK = 200

app = Flask(__name__)
client = PoolManager(maxsize=AS_MANY_AS_ASK, block=True)


@app.post("/predict")
def predict() -> dict[str, str]:
    answer = client.request("GET", UPSTREAM_URL)
    assert answer.status == HTTPStatus.OK
    features: dict[str, str] = answer.json()
    return features
