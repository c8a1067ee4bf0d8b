"""The application under other hands: a dependency that is added, a server that says less than uvicorn."""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import replace
from typing import Any

import fastapi
import orjson
import pytest

from model.signature import Signature
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

    answer = asyncio.run(ask(app, signature, {}))

    assert (answer["status"], answer["code"]) == (503, "not_ready")  # the service has not been started


def test_predicts_who_comes_alone_at_once_and_who_comes_with_others_together(model, signature):
    create_app: Any = importlib.import_module("serve_fastapi.app").create_app
    service = Service(replace(model, runtime="onnx", predictor=Numbering()), Settings(), Metrics())
    app = create_app(service, Settings())
    alone, two = {"in_progress": {"a"}}, {"in_progress": {"a", "b"}}

    async def ask_for_all() -> list[int]:
        service.start(asyncio.get_running_loop())
        answers = [await ask(app, signature, alone), await ask(app, signature, alone)]
        answers += await asyncio.gather(ask(app, signature, two), ask(app, signature, two))
        service.stop()
        return [answer["predictions"][0]["call"] for answer in answers]

    first, second, *together = asyncio.run(ask_for_all())

    assert [second, *together] == [first + 1, first + 2, first + 2]


class Numbering:
    """Predicts in which of its calls a row was."""

    def __init__(self) -> None:
        self.n_calls = 0

    def predict(self, rows: list[Any]) -> list[dict[str, int]]:
        self.n_calls += 1
        return [{"call": self.n_calls}] * len(rows)


async def ask(app: Any, signature: Signature, state: dict[str, Any]) -> dict[str, Any]:
    """One instance, by no more than ASGI requires and what the server says of itself."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": orjson.dumps({"instances": [signature.example]})}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "headers": headers}
    await app(scope | ({"state": state.copy()} if state else {}), receive, send)
    body: dict[str, Any] = orjson.loads(sent[1]["body"])
    return body | {"status": sent[0]["status"]}
