"""A handler that adds up the values of a row, with a dependency, typed as FastAPI's documentation types it."""

from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


class Row(BaseModel):
    mass_kg: float
    legs: int


def factor() -> float:
    return 2.0


@app.post("/predict")
def predict(row: Row, times: Annotated[float, Depends(factor)]) -> dict[str, float]:
    return {"value": times * (row.mass_kg + row.legs)}
