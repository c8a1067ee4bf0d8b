"""Flask with spectree, a library that validates by Pydantic and writes the documentation: FastAPI's peer. It asks for
the same bodies and gives the same answers as `fastapi_validated.py`."""

from typing import Literal

from flask import Flask
from pydantic import BaseModel, ConfigDict
from spectree import Response, SpecTree


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


app = Flask(__name__)
documented = SpecTree("flask")


@app.post("/predict")
@documented.validate(resp=Response(HTTP_200=PredictResponse))
def predict(json: PredictRequest) -> PredictResponse:
    return PredictResponse(labels=["Gentoo"] * len(json.instances))


documented.register(app)
