"""FastAPI with a prediction over HTTP, and a stream of them over a WebSocket."""

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})


@app.post("/predict")
async def predict(row: dict[str, float]) -> dict[str, float]:
    return {"value": 2 * row["number"]}


@app.websocket("/stream")
async def stream(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_json(await predict(await socket.receive_json()))
    except WebSocketDisconnect:
        return
