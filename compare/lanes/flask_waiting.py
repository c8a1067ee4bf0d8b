"""Flask with a view that only waits, as if for an upstream."""

import os
import time

from flask import Flask

WAIT_S = float(os.environ["WAIT_S"])

app = Flask(__name__)


@app.post("/predict")
def predict() -> dict[str, str]:
    time.sleep(WAIT_S)
    return {"hello": "world"}
