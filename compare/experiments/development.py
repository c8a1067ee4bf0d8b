"""A framework's tools for development: a server, a test client, a debugger; and whether the debugger can leak."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI
from flask import Flask
from werkzeug.debug import DebuggedApplication
from werkzeug.test import Client

from serve_core.backends import ports

from ..measuring.asking import get
from ..measuring.plan import Lane
from ..measuring.server import Cores, LaneError, running
from . import ROOT
from .clients import ask
from .installed import needed_by
from .subject import INSTANCE, save_artifact

FLASK_SERVER = Lane("development", "flask", "flask --app compare.lanes.flask_empty run --port {port}")
# The packages that FastAPI's own tools need.
SERVERS = {"uvicorn", "hypercorn", "granian", "fastapi-cli"}
CLIENTS = {"httpx", "httpx2"}

ENTRY_POINT = re.compile(r'^ENTRYPOINT \["python", "-m", "(serve_\w+)"\]$', re.MULTILINE)
# Variables that would switch a debugger on, and the path where it would answer.
DEBUG = {"FLASK_DEBUG": "1", "FASTAPI_DEBUG": "1", "WERKZEUG_DEBUG_PIN": "off"}
OF_A_DEBUGGER = ("/console", "/livez?__debugger__=yes&cmd=resource&f=debugger.js")


def development() -> dict[str, float]:
    """The tools of each framework without another package, and in how many images a debugger can be switched on.

    A debugger runs code at the place of the error; a page that only shows the traceback is not one.
    """
    flask = {"server": _starts(FLASK_SERVER), "client": _flask_client(), "debugger": _runs_code(_flask_error_page())}
    fastapi = {
        "server": bool(SERVERS & needed_by("fastapi")),
        "client": bool(CLIENTS & needed_by("fastapi")),
        "debugger": _runs_code(_fastapi_error_page()),
    }
    found = {f"flask_{what}": float(has) for what, has in flask.items()}
    found |= {f"fastapi_{what}": float(has) for what, has in fastapi.items()}
    found |= {"flask_has": float(sum(flask.values())), "fastapi_has": float(sum(fastapi.values()))}
    return found | {"images_with_a_debugger": float(_images_with_a_debugger())}


def _starts(lane: Lane) -> bool:
    try:
        with running(lane, Path(), b"{}", Cores.available().server):
            return True
    except LaneError:
        return False


def _flask_client() -> bool:
    return Flask(__name__).test_client().get("/").status_code == 404


def _flask_error_page() -> str:
    app = Flask(__name__)
    app.debug = True

    @app.get("/")
    def bug() -> str:
        raise ZeroDivisionError

    return Client(DebuggedApplication(app, evalex=True)).get("/", errors_stream=StringIO()).text


def _fastapi_error_page() -> str:
    app = FastAPI(debug=True, telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.get("/")
    def bug() -> str:
        raise ZeroDivisionError

    return ask(app, "GET", "/", headers={"Accept": "text/html"}).text


def _runs_code(page: str) -> bool:
    """Werkzeug's page tells its own script."""
    assert "ZeroDivisionError" in page
    return "EVALEX = true" in page


def _entry_points() -> list[str]:
    """The entry points of the images whose service is here."""
    named = ENTRY_POINT.findall((ROOT / "docker" / "Dockerfile").read_text())
    assert named, "docker/Dockerfile names no service"
    return [name for name in named if name.removeprefix("serve_") in ports()]


def _images_with_a_debugger() -> int:
    payload = json.dumps({"instances": [INSTANCE]}).encode()
    with TemporaryDirectory() as folder:
        artifact = Path(folder, "artifact")
        save_artifact(artifact)
        n_images = 0
        for module in _entry_points():
            lane = Lane(module, command=module, env=DEBUG)
            with running(lane, artifact, payload, Cores.available().server) as server:
                answers = [get(server.port, path) for path in OF_A_DEBUGGER]
            n_images += any(b"debugger" in each.body.lower() or b"evalex" in each.body.lower() for each in answers)
    return n_images
