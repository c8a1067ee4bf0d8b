"""Quart, which is Flask over ASGI, with a view that does nothing."""

from quart import Quart

app = Quart(__name__)


@app.post("/predict")
async def predict() -> dict[str, str]:
    return {"hello": "world"}
