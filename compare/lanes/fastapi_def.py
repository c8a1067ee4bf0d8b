"""FastAPI as in many other tutorials: a plain handler runs in a pool of threads, forty by default.

It has no limits, no refusals beyond Pydantic's and no metrics. Not a style to copy.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from pydantic import BaseModel


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = int(os.environ["THREADS"])
    yield


app = FastAPI(lifespan=lifespan, telemetry={"tracing": False, "metrics": False, "logs": False})
estimator = joblib.load(Path(os.environ["SERVE_ARTIFACT"], "model.joblib"))


class PredictRequest(BaseModel):
    instances: list[dict[str, Any]]


@app.post("/predict")
def predict(body: PredictRequest) -> dict[str, Any]:
    return {"predictions": [{"label": label} for label in estimator.predict(pd.DataFrame(body.instances)).tolist()]}


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "alive"}
