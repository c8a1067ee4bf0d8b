"""FastAPI with a handler that asks an upstream, such as a feature store, and passes its answer on."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, TCPConnector
from fastapi import FastAPI, Request

UPSTREAM_URL = os.environ["UPSTREAM_URL"]
AS_MANY_AS_ASK = 0


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    async with ClientSession(connector=TCPConnector(limit=AS_MANY_AS_ASK), raise_for_status=True) as client:
        yield {"client": client}


app = FastAPI(lifespan=lifespan, telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
async def predict(request: Request) -> dict[str, str]:
    async with request.state.client.get(UPSTREAM_URL) as answer:
        features: dict[str, str] = await answer.json()
        return features
