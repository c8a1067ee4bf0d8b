"""A handler that adds up the values of a row, with a dependency, typed as far as Flask has types for it."""

from flask import Flask, request

app = Flask(__name__)


def factor() -> float:
    return 2.0


@app.post("/predict")
def predict() -> dict[str, float]:
    row = request.get_json()
    return {"value": factor() * (row["mass_kg"] + row["legs"])}
