"""Flask as in many tutorials, without any validation. Articles compare it with a service that validates.

Not a style to copy.
"""

import os
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from flask import Flask, request

app = Flask(__name__)
estimator = joblib.load(Path(os.environ["SERVE_ARTIFACT"], "model.joblib"))


@app.post("/predict")
def predict() -> dict[str, Any]:
    rows = pd.DataFrame(request.get_json()["instances"])
    return {"predictions": [{"label": label} for label in estimator.predict(rows).tolist()]}


@app.get("/livez")
def livez() -> dict[str, str]:
    return {"status": "alive"}
