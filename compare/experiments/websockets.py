"""The same stream of predictions over a WebSocket from both: lines of code, and packages to install."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from ..measuring.plan import Lane
from ..measuring.server import Cores, running
from .installed import needed_by
from .lines import code_lines

APPS = Path(__file__).parent / "apps"
PREDICTIONS = 10
PAYLOAD = b'{"number": 1.0}'

COMMANDS = {
    "fastapi": "uvicorn {app} --ws wsproto --no-access-log --port {{port}}",
    "flask": "gunicorn {app} -k gthread --threads 8 --no-control-socket --bind 127.0.0.1:{{port}}",
}
# The server of each, and the package that it needs for a WebSocket.
SERVERS = {"fastapi": ("fastapi", "uvicorn"), "flask": ("flask", "gunicorn")}
ADDED = {"fastapi": ("wsproto",), "flask": ("flask-sock",)}


def websockets() -> dict[str, float]:
    """For each: lines, packages beyond the framework and its server, and how many of ten predictions came back."""
    found = {f"{name}_packages": float(_n_added(name)) for name in COMMANDS}
    for name, command in COMMANDS.items():
        app = f"compare.experiments.apps.websocket_{name}:app"
        lane = Lane(name, name, command.format(app=app))
        with running(lane, Path(), PAYLOAD, Cores.available().server) as server:
            found[f"{name}_predictions"] = float(_predictions(server.port))
        found[f"{name}_lines"] = float(len(code_lines(APPS / f"websocket_{name}.py")))
    return found


def _n_added(name: str) -> int:
    return len(needed_by(*SERVERS[name], *ADDED[name]) - needed_by(*SERVERS[name]))


def _predictions(port: int) -> int:
    client = import_module("simple_websocket").Client.connect(f"ws://127.0.0.1:{port}/stream")
    try:
        for number in range(PREDICTIONS):
            client.send(json.dumps({"number": number}))
        return sum(json.loads(client.receive(10)) == {"value": 2.0 * number} for number in range(PREDICTIONS))
    finally:
        client.close()
