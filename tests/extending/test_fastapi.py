"""Your own code in the FastAPI service, as FastAPI's manual teaches it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Security
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.testclient import TestClient
from pydantic import BaseModel

from serve_core.wire.problems import Refusal
from serve_fastapi.app import create_app
from serve_fastapi.errors import add_error_handlers
from serve_fastapi.routes import service_routes
from serve_fastapi.state import ServiceDep, predictions_of, service_of

PROBLEM = "application/problem+json"


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
    host.include_router(service_routes(model_service, settings), dependencies=[Depends(authenticated)])
    add_error_handlers(host)

    with TestClient(host) as client:
        nobody = client.post("/predict", json=body)
        stranger = client.post("/predict", json=body, headers={"Authorization": "Bearer stolen"})
        friend = client.post("/predict", json=body, headers={"Authorization": "Bearer secret"})

    assert (nobody.status_code, nobody.headers["Content-Type"]) == (401, PROBLEM)
    assert nobody.headers["WWW-Authenticate"] == "Bearer"
    assert (stranger.status_code, stranger.json()["detail"]) == (403, "This token is not known.")
    assert friend.status_code == 200


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

    invalid = client.post("/orders", json={"instances": "many"})
    broken = client.post("/orders", content="{", headers={"Content-Type": "application/json"})

    assert {error["pointer"] for error in invalid.json()["errors"]} == {"/instances", "/color"}
    assert (broken.status_code, broken.headers["Content-Type"]) == (422, PROBLEM)


def test_a_background_task_runs_after_the_answer(app, client, rows):
    done = []

    @app.get("/noted")
    async def noted(request: Request, service: ServiceDep, background: BackgroundTasks):
        background.add_task(done.append, "noted")
        return await predictions_of(rows, request, service)

    assert client.get("/noted").status_code == 200
    assert done == ["noted"]


def test_an_overridden_dependency_is_used_by_predict(app, client, body):
    class Unavailable(Refusal):
        status, code, detail = 429, "too_fast", "Ask again in a minute."

    def too_fast():
        raise Unavailable

    app.dependency_overrides[service_of] = too_fast
    refused = client.post("/predict", json=body)
    app.dependency_overrides.clear()

    assert (refused.status_code, refused.json()["title"]) == (429, "Too Many Requests")
    assert (refused.json()["code"], refused.json()["detail"]) == ("too_fast", "Ask again in a minute.")
    assert client.post("/predict", json=body).status_code == 200


def test_the_router_is_included_under_a_prefix(host, model_service, settings, body):
    host.state.service = model_service
    host.include_router(service_routes(model_service, settings), prefix="/ml")
    add_error_handlers(host)

    with TestClient(host) as client:
        answer, refused = client.post("/ml/predict", json=body), client.post("/ml/predict")
        ready = client.get("/ml/readyz")
        paths = client.get("/openapi.json").json()["paths"]

    assert [response.status_code for response in (answer, refused, ready)] == [200, 415, 200]
    assert {"/ml/predict", "/ml/model", "/ml/metrics"} <= paths.keys()


def test_the_application_is_mounted_in_another_one(host, model_service, settings, body):
    host.mount("/ml", create_app(model_service, settings))

    with TestClient(host) as client:
        assert client.get("/ml/readyz").json() == {"status": "ready"}
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


def test_a_bug_in_a_route_is_an_opaque_500(app, client):
    @app.get("/bug")
    async def bug():
        raise ValueError("a secret")

    failed = client.get("/bug")

    assert (failed.status_code, failed.json()["code"]) == (500, "internal_error")
    assert "secret" not in failed.text
