"""FastAPI with bodies that it validates and answers that it writes, both declared: the framework as its manual has it.
There is no model behind it, so that nothing but the framework is measured."""

from typing import Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict


class Penguin(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    island: Literal["Biscoe", "Dream", "Torgersen"]
    bill_length_mm: float | None
    bill_depth_mm: float | None
    flipper_length_mm: float | None
    body_mass_g: float | None
    sex: Literal["female", "male"] | None


class PredictRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    instances: list[Penguin]


class PredictResponse(BaseModel):
    labels: list[str]


app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
async def predict(body: PredictRequest) -> PredictResponse:
    return PredictResponse(labels=["Gentoo"] * len(body.instances))
