"""Flask as many tutorials have it: no validation at all. Marked as what it is: comparing it with a service that
validates is how articles get their figures. Not a style to copy."""

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
