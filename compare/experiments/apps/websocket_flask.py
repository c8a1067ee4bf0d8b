"""Flask with a prediction over HTTP, and a stream of them over a WebSocket."""
# mypy: ignore-errors
# flask-sock has no types.

from flask import Flask, json, request
from flask_sock import Server, Sock

app = Flask(__name__)
sock = Sock(app)


@app.post("/predict")
def predict() -> dict[str, float]:
    return predicted(request.get_json())


@sock.route("/stream")
def stream(socket: Server) -> None:
    while True:
        socket.send(json.dumps(predicted(json.loads(socket.receive()))))


def predicted(row: dict[str, float]) -> dict[str, float]:
    return {"value": 2 * row["number"]}
