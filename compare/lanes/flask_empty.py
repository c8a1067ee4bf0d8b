"""Flask with a view that does nothing, as most articles measure it."""

from flask import Flask

app = Flask(__name__)


@app.post("/predict")
def predict() -> dict[str, str]:
    return {"hello": "world"}
