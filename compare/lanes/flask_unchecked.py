"""Flask that takes every body for what it should be, as tutorials do. It gives the same answers as `flask_validated.py`
to valid ones."""

from flask import Flask, request

app = Flask(__name__)


@app.post("/predict")
def predict() -> dict[str, list[str]]:
    return {"labels": ["Gentoo"] * len(request.get_json()["instances"])}
