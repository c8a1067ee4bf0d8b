"""The minimal view with the features of Flask that the service uses: what they cost without a model.

A blueprint, a value in `app.extensions`, and hooks that count requests.
"""

import random
from time import perf_counter

import orjson
from flask import Blueprint, Flask, Response, abort, current_app, g, request
from prometheus_client import Histogram

from .minimal_flask import ANSWER, is_valid

SECONDS = Histogram("request_seconds", "From the request's headers to its answer.")

routes = Blueprint("service", __name__)


@routes.post("/predict")
def predict() -> Response:
    body = orjson.loads(request.get_data(cache=False))
    if type(body) is not dict or body.keys() != {"instances"} or not all(map(is_valid, body["instances"])):
        abort(422)
    return Response(current_app.extensions["answer"], mimetype="application/json")


app = Flask(__name__)
app.extensions["answer"] = ANSWER
app.register_blueprint(routes)


@app.before_request
def begin() -> None:
    g.started = perf_counter()
    g.request_id = f"{random.getrandbits(128):032x}"


@app.after_request
def finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    SECONDS.observe(perf_counter() - g.started)
    return response
