"""FastAPI with a handler that waits 20 ms for somebody else, as for a feature store, and does nothing."""

import asyncio
import os

from fastapi import FastAPI

UPSTREAM_S = float(os.environ.get("UPSTREAM_S", "0.02"))

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
async def predict() -> dict[str, str]:
    await asyncio.sleep(UPSTREAM_S)
    return {"hello": "world"}
