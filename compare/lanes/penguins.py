"""The requests and answers of the lanes that validate with Pydantic and have no model."""

from typing import Literal

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
