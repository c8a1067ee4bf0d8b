"""FastAPI with a plain handler that does nothing. It runs in a pool of threads."""

from fastapi import FastAPI

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
def predict() -> dict[str, str]:
    return {"hello": "world"}
