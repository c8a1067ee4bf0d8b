"""FastAPI with a handler that only waits, as if for an upstream."""

import asyncio
import os

from fastapi import FastAPI

WAIT_S = float(os.environ["WAIT_S"])

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
async def predict() -> dict[str, str]:
    await asyncio.sleep(WAIT_S)
    return {"hello": "world"}
