"""FastAPI as in many tutorials: an async handler calls the model itself, so no other request is served meanwhile.

It has no limits, no refusals beyond Pydantic's and no metrics. Not a style to copy.
"""

import os
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
estimator = joblib.load(Path(os.environ["SERVE_ARTIFACT"], "model.joblib"))


class PredictRequest(BaseModel):
    instances: list[dict[str, Any]]


@app.post("/predict")
async def predict(body: PredictRequest) -> dict[str, Any]:
    return {"predictions": [{"label": label} for label in estimator.predict(pd.DataFrame(body.instances)).tolist()]}


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "alive"}
