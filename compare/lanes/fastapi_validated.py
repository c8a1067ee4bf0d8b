"""FastAPI with declared bodies and answers, as in its manual.

There is no model behind it, so only the framework is measured.
"""

from fastapi import FastAPI

from .penguins import PredictRequest, PredictResponse

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
async def predict(body: PredictRequest) -> PredictResponse:
    return PredictResponse(labels=["Gentoo"] * len(body.instances))
