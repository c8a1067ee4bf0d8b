"""FastAPI with bodies that it validates and answers that it writes, both declared: the framework as its manual has it.
There is no model behind it, so that nothing but the framework is measured."""

from fastapi import FastAPI

from .penguins import PredictRequest, PredictResponse

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
async def predict(body: PredictRequest) -> PredictResponse:
    return PredictResponse(labels=["Gentoo"] * len(body.instances))
