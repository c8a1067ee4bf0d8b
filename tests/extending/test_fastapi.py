"""Your own code in the FastAPI service, as FastAPI's manual teaches it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response, Security, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.testclient import TestClient
from pydantic import BaseModel

from serve_core.service import Service
from serve_core.telemetry.access import AccessLog
from serve_core.wire.problems import Refusal
from serve_fastapi.app import create_app
from serve_fastapi.body import json_route
from serve_fastapi.errors import add_error_handlers
from serve_fastapi.middleware import RequestMiddleware
from serve_fastapi.routes import predict_routes, status_routes
from serve_fastapi.state import ServiceDep, predictions_of, service_of

PROBLEM = "application/problem+json"
JSON = {"Content-Type": "application/json"}


class Order(BaseModel):
    instances: int
    color: str


@pytest.fixture
def app(model_service, settings):
    return create_app(model_service, settings)


@pytest.fixture
def client(app):
    with TestClient(app) as client:  # enters the application's lifespan, which starts the model
        yield client


@pytest.fixture
def host(model_service):
    """An application of your own, which starts and stops the model itself."""

    @asynccontextmanager
    async def lifespan(_):
        with model_service:
            yield

    return FastAPI(lifespan=lifespan)


def test_a_dependency_refuses_clients_without_a_token(host, model_service, settings, body):
    def authenticated(token: Annotated[HTTPAuthorizationCredentials, Security(HTTPBearer())]) -> None:
        if token.credentials != "secret":
            raise HTTPException(403, "This token is not known.")

    host.state.service = model_service
    host.include_router(predict_routes(model_service.model, settings), dependencies=[Depends(authenticated)])
    host.include_router(status_routes)
    add_error_handlers(host)

    with TestClient(host) as client:
        nobody = client.post("/predict", json=body)
        stranger = client.post("/predict", json=body, headers={"Authorization": "Bearer stolen"})
        friend = client.post("/predict", json=body, headers={"Authorization": "Bearer secret"})
        health_check = client.get("/readyz")

    assert (nobody.status_code, nobody.headers["Content-Type"]) == (401, PROBLEM)
    assert nobody.headers["WWW-Authenticate"] == "Bearer"
    assert (stranger.status_code, stranger.json()["detail"]) == (403, "This token is not known.")
    assert (friend.status_code, health_check.status_code) == (200, 200)


def test_cors_middleware_answers_preflights(app, body):
    app.add_middleware(CORSMiddleware, allow_origins=["https://example.com"], allow_methods=["POST"])
    origin = {"Origin": "https://example.com"}

    with TestClient(app) as client:
        preflight = client.options("/predict", headers=origin | {"Access-Control-Request-Method": "POST"})
        answers = [client.post("/predict", json=body, headers=origin), client.post("/predict", json=[], headers=origin)]

    assert preflight.status_code == 200
    assert [answer.status_code for answer in answers] == [200, 422]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in [preflight, *answers]} == {origin["Origin"]}


def test_a_second_route_uses_the_model(app, rows):
    @app.get("/asynchronous")
    async def asynchronous(request: Request, service: ServiceDep):
        return await predictions_of(rows, request, service)

    @app.get("/synchronous")
    def synchronous(service: ServiceDep):
        return service.submit(rows).result()

    with TestClient(app) as client:
        first, second = client.get("/asynchronous"), client.get("/synchronous")

    assert len(first.json()) == 1
    assert first.json() == second.json()


def test_a_route_reports_invalid_query_parameters(app, client):
    @app.get("/rounded")
    async def rounded(number: float, digits: int = 0) -> float:
        return round(number, digits)

    valid, invalid = client.get("/rounded?number=1.26&digits=1"), client.get("/rounded?number=secret")

    assert valid.json() == 1.3
    assert (invalid.status_code, invalid.headers["Content-Type"]) == (422, PROBLEM)
    [error] = invalid.json()["errors"]
    assert (invalid.json()["code"], error["in"], error["name"], error["code"]) == (
        "invalid_request",
        "query",
        "number",
        "float_parsing",
    )
    assert "secret" not in invalid.text


def test_your_own_body_is_validated_by_its_model(app, client):
    @app.post("/orders")
    async def order(order: Order) -> Order:
        return order

    missing = client.post("/orders")
    invalid = client.post("/orders", json={"instances": "many"})
    broken = client.post("/orders", content="{", headers={"Content-Type": "application/json"})

    assert {error["pointer"] for error in invalid.json()["errors"]} == {"/instances", "/color"}
    assert (broken.status_code, broken.headers["Content-Type"]) == (422, PROBLEM)
    assert [(error["pointer"], error["code"]) for error in broken.json()["errors"]] == [("", "json_invalid")]
    assert [(error["pointer"], error["code"]) for error in missing.json()["errors"]] == [("", "missing")]


def test_a_router_of_your_own_reads_json_as_the_service_does(app, client):
    router = APIRouter(route_class=json_route(max_body_bytes=1000))

    @router.get("/orders")
    async def orders() -> list[Order]:
        return []

    @router.post("/orders")
    async def order(order: Order) -> Order:
        return order

    app.include_router(router)
    too_large = client.post("/orders", json={"instances": 1, "color": "a" * 1000})

    assert client.get("/orders").json() == []
    assert (too_large.status_code, too_large.json()["code"]) == (413, "body_too_large")
    assert client.post("/orders", content="{", headers=JSON).json()["code"] == "not_json"
    assert client.post("/orders", json={"instances": 1, "color": "blue"}).json() == {"instances": 1, "color": "blue"}


def test_a_parameter_that_you_add_to_predict_is_refused_beside_the_instances(host, model_service, settings, body):
    async def in_language(language: str) -> str:
        return language

    host.state.service = model_service
    host.include_router(predict_routes(model_service.model, settings), dependencies=[Depends(in_language)])
    add_error_handlers(host)
    faulty = {"instances": [{**body["instances"][0], "color": "blue"}]}

    with TestClient(host) as client:
        refused = client.post("/predict", json=faulty)

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    assert {error.get("name", error.get("pointer")) for error in refused.json()["errors"]} == {
        "language",
        "/instances/0/color",
    }


def test_a_background_task_runs_after_the_answer(app, client, rows):
    done = []

    @app.get("/noted")
    async def noted(request: Request, service: ServiceDep, background: BackgroundTasks):
        background.add_task(done.append, "noted")
        return await predictions_of(rows, request, service)

    assert client.get("/noted").status_code == 200
    assert done == ["noted"]


def test_an_overridden_dependency_is_used_by_predict(app, client, body):
    class TooFast(Refusal):
        status, code, detail = 429, "too_fast", "Ask again in a minute."

    def too_fast():
        raise TooFast

    app.dependency_overrides[service_of] = too_fast
    refused = client.post("/predict", json=body)
    app.dependency_overrides.clear()

    assert (refused.status_code, refused.json()["title"]) == (429, "Too Many Requests")
    assert (refused.json()["code"], refused.json()["detail"]) == ("too_fast", "Ask again in a minute.")
    assert client.post("/predict", json=body).status_code == 200


def test_the_router_is_included_under_a_prefix(host, model_service, settings, body):
    host.state.service = model_service
    host.include_router(predict_routes(model_service.model, settings), prefix="/ml")
    host.include_router(status_routes, prefix="/ml")
    host.add_middleware(RequestMiddleware, service=model_service, access_log=AccessLog(model_service.metrics, settings))
    add_error_handlers(host)

    with TestClient(host) as client:
        answer, refused = client.post("/ml/predict", json=body), client.post("/ml/predict")
        ready = client.get("/ml/readyz", headers={"X-Request-ID": "mine"})
        paths = client.get("/openapi.json").json()["paths"]

    assert [response.status_code for response in (answer, refused, ready)] == [200, 415, 200]
    assert ready.headers["X-Request-ID"] == "mine"
    assert {"/ml/predict", "/ml/model", "/ml/metrics"} <= paths.keys()


def test_the_application_is_mounted_in_another_one(host, model_service, settings, body):
    host.mount("/ml", create_app(model_service, settings))

    with TestClient(host) as client:
        assert client.get("/ml/readyz").json()["status"] == "ready"
        answer = client.post("/ml/predict", json=body, headers={"X-Request-ID": "mine"})
        assert (answer.status_code, answer.headers["X-Request-ID"]) == (200, "mine")
        for path in ("/ml/metrics", "/ml/docs", "/ml/docs/swagger-ui.css", "/ml/openapi.json"):
            assert client.get(path).status_code == 200
        assert client.get("/ml/nothing").json()["code"] == "not_found"
        assert client.get("/nothing").json() == {"detail": "Not Found"}  # the host's own message

    assert client.get("/ml/readyz").json()["code"] == "shutting_down"


def test_an_exception_keeps_its_status_detail_and_headers(app, client):
    @app.get("/penguins/{name}")
    async def penguin(name: str):
        raise HTTPException(404, f"No penguin is called {name}.", headers={"X-Colony": "Biscoe"})

    missing = client.get("/penguins/Pingu")

    assert (missing.status_code, missing.headers["X-Colony"]) == (404, "Biscoe")
    assert missing.json()["detail"] == "No penguin is called Pingu."


def test_an_exception_without_a_body_stays_without_one(app, client):
    @app.get("/unchanged")
    async def unchanged():
        raise HTTPException(304, headers={"ETag": '"one"'})

    answer = client.get("/unchanged")

    assert (answer.status_code, answer.headers["ETag"], answer.content) == (304, '"one"', b"")


def test_a_detail_that_is_no_string_is_told_as_json(app, client):
    @app.get("/detailed")
    async def detailed():
        raise HTTPException(409, {"field": "color"})

    assert client.get("/detailed").json()["detail"] == '{"field":"color"}'


def test_headers_of_a_404_are_kept(app, client):
    @app.get("/moved")
    async def moved():
        raise HTTPException(404, headers={"Link": "</elsewhere>"})

    assert client.get("/moved").headers["Link"] == "</elsewhere>"


def test_a_route_for_head_is_asked(app, client):
    @app.head("/size")
    async def size():
        return Response(headers={"X-Size": "7"})

    assert client.head("/size").headers["X-Size"] == "7"


def test_a_handler_for_exceptions_replaces_ours(app, client):
    @app.exception_handler(Exception)
    def tell(_, error):
        return JSONResponse({"kind": type(error).__name__}, 500)

    @app.get("/bug")
    async def bug():
        raise ValueError("a secret")

    failed = client.get("/bug")

    assert failed.json() == {"kind": "ValueError"}
    assert "X-Request-ID" in failed.headers


def test_a_dependency_can_read_the_body_as_a_stream(host, model_service, settings, body):
    lengths = []

    async def measured(request: Request) -> None:
        lengths.append(sum([len(chunk) async for chunk in request.stream()]))

    host.state.service = model_service
    host.include_router(predict_routes(model_service.model, settings), dependencies=[Depends(measured)])

    with TestClient(host) as client:
        answer = client.post("/predict", json=body)

    assert answer.status_code == 200
    assert lengths == [len(answer.request.content)]


def test_rows_of_a_route_that_stops_waiting_are_not_predicted(model, settings, rows):
    has_begun, may_end, calls = threading.Event(), threading.Event(), []

    class Slow:
        def predict(self, rows):
            calls.append(len(rows))
            has_begun.set()
            may_end.wait()
            return [{}] * len(rows)

    service = Service(replace(model, runtime="sklearn", predictor=Slow()), settings)
    app = create_app(service, settings)

    @app.get("/impatient")
    async def impatient(request: Request, service: ServiceDep):
        async with asyncio.timeout(0.05):
            return await predictions_of(rows * 7, request, service)

    with TestClient(app) as client, ThreadPoolExecutor() as pool:
        first = pool.submit(service.submit(rows).result)
        has_begun.wait()
        assert client.get("/impatient").status_code == 500
        may_end.set()
        first.result()
        assert service.submit(rows).result() == [{}]

    assert calls == [1, 1]


def test_a_websocket_gets_the_service(app, client, rows):
    @app.websocket("/stream")
    async def stream(websocket: WebSocket, service: ServiceDep):
        await websocket.accept()
        await websocket.send_json(await asyncio.wrap_future(service.submit(rows)))

    with client.websocket_connect("/stream") as connection:
        assert len(connection.receive_json()) == 1


def test_an_application_needs_no_openapi_document(app, client):
    app.openapi_url = None

    assert client.get("/nothing").status_code == 404


def test_a_path_parameter_may_hold_a_newline(app, client):
    @app.get("/notes/{note}")
    async def read(note: str):
        return note

    assert client.get("/notes/one%0Atwo").json() == "one\ntwo"


def test_a_bug_in_a_route_is_an_opaque_500(app, client):
    @app.get("/bug")
    async def bug():
        raise ValueError("a secret")

    failed = client.get("/bug")

    assert (failed.status_code, failed.json()["code"]) == (500, "internal_error")
    assert "secret" not in failed.text
