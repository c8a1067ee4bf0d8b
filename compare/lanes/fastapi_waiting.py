"""FastAPI with a handler that waits, as for somebody else, and does nothing more."""

import asyncio
import os

from fastapi import FastAPI

WAIT_S = float(os.environ["WAIT_S"])

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
async def predict() -> dict[str, str]:
    await asyncio.sleep(WAIT_S)
    return {"hello": "world"}
