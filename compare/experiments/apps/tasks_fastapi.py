"""FastAPI with a background task that writes a file a while after the answer."""

import asyncio
import os
from pathlib import Path
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI

TASK_S = 1.0

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


async def write_file() -> None:
    await asyncio.sleep(TASK_S)
    (Path(os.environ["SERVE_ARTIFACT"]) / uuid4().hex).touch()


@app.post("/predict")
async def predict(tasks: BackgroundTasks) -> dict[str, str]:
    tasks.add_task(write_file)
    return {"hello": "world"}
