"""FastAPI with a handler that does nothing and is not async: it runs in a pool of threads."""

from fastapi import FastAPI

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
def predict() -> dict[str, str]:
    return {"hello": "world"}
