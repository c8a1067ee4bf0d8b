"""FastAPI's application under other hands: a dependency that is added, a server that says less than uvicorn."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import fastapi
import orjson
import pytest

from serve_core.metrics import Metrics
from serve_core.service import Service
from serve_core.settings import Settings


def refuse() -> None:
    raise fastapi.HTTPException(401)


def test_refuses_a_dependency_that_nobody_would_see_to(model):
    app = fastapi.FastAPI(dependencies=[fastapi.Depends(refuse)])
    add_service_routes: Any = importlib.import_module("serve_fastapi.routes").add_service_routes

    with pytest.raises(TypeError, match=r"^/predict gets its body, the request and the service, and nothing else"):
        add_service_routes(app, Service(model, Settings(), Metrics()), Settings())


def test_takes_a_message_that_leaves_out_what_asgi_does_not_require(model, signature):
    create_app: Any = importlib.import_module("serve_fastapi.app").create_app
    app = create_app(Service(model, Settings(), Metrics()), Settings())
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": orjson.dumps({"instances": [signature.example]})}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))

    assert sent[0]["status"] == 503  # the service has not been started
    assert orjson.loads(sent[1]["body"])["code"] == "not_ready"
