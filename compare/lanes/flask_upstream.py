"""Flask with a view that waits 20 ms for somebody else, as for a feature store, and does nothing."""

import os
import time

from flask import Flask

UPSTREAM_S = float(os.environ.get("UPSTREAM_S", "0.02"))

app = Flask(__name__)


@app.post("/predict")
def predict() -> dict[str, str]:
    time.sleep(UPSTREAM_S)
    return {"hello": "world"}
