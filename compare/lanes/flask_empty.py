"""Flask with a view that does nothing, which is what most articles measure."""

from flask import Flask

app = Flask(__name__)


@app.post("/predict")
def predict() -> dict[str, str]:
    return {"hello": "world"}
