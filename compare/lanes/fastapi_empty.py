"""FastAPI with a handler that does nothing, which is what most articles measure."""

from fastapi import FastAPI

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
async def predict() -> dict[str, str]:
    return {"hello": "world"}
