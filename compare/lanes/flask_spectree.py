"""Flask with spectree, a library that validates with Pydantic and writes the documentation: FastAPI's peer.

It takes the same bodies and gives the same answers as `fastapi_validated.py`.
"""

from flask import Flask
from spectree import Response, SpecTree

from .penguins import PredictRequest, PredictResponse

app = Flask(__name__)
documented = SpecTree("flask")


@app.post("/predict")
@documented.validate(resp=Response(HTTP_200=PredictResponse))
def predict(json: PredictRequest) -> PredictResponse:
    return PredictResponse(labels=["Gentoo"] * len(json.instances))


documented.register(app)
