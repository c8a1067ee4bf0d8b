"""FastAPI with a handler that does nothing, as most articles measure it."""

from fastapi import FastAPI

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
async def predict() -> dict[str, str]:
    return {"hello": "world"}
