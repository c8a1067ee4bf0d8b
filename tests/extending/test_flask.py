"""Your own code in the Flask service, as Flask's manual teaches it."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask, abort, current_app, got_request_exception, request
from flask_cors import CORS
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException

from serve_core.wire.problems import Refusal
from serve_flask.app import create_app, create_blueprint, init_app
from serve_flask.state import predictions_of, state

PROBLEM = "application/problem+json"


@pytest.fixture
def app(model_service, settings):
    with model_service:  # starts the model, and stops it
        yield create_app(model_service, settings)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def host(model_service, settings):
    """An application of your own, whose hooks run before those of the blueprint."""
    host = Flask("host")
    init_app(host, model_service, settings)
    host.register_blueprint(create_blueprint(), url_prefix="/ml")
    with model_service:
        yield host


@pytest.mark.parametrize("prefix", ["", "/ml"])
def test_a_hook_refuses_clients_without_a_token(prefix, app, host, body):
    app = host if prefix else app

    @app.before_request
    def authenticate():
        if request.method != "POST" or request.endpoint not in ("service.predict", "serve.service.predict"):
            return
        if request.authorization is None:
            abort(401, www_authenticate=WWWAuthenticate("bearer"))
        if request.authorization.token != "secret":
            abort(403, "This token is not known.")

    client = app.test_client()

    nobody = client.post(f"{prefix}/predict", json=body)
    stranger = client.post(f"{prefix}/predict", json=body, headers={"Authorization": "Bearer stolen"})
    friend = client.post(f"{prefix}/predict", json=body, headers={"Authorization": "Bearer secret"})
    preflight = client.options(f"{prefix}/predict")

    assert (nobody.status_code, nobody.content_type) == (401, PROBLEM)
    assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
    assert (stranger.status_code, stranger.json["detail"]) == (403, "This token is not known.")
    assert (friend.status_code, preflight.status_code) == (200, 200)


def test_flask_cors_answers_preflights(app, client, body):
    CORS(app, origins=["https://example.com"])
    origin = {"Origin": "https://example.com"}

    preflight = client.options("/predict", headers=origin | {"Access-Control-Request-Method": "POST"})
    answers = [client.post("/predict", json=body, headers=origin), client.post("/predict", json=[], headers=origin)]

    assert preflight.status_code == 200
    assert [answer.status_code for answer in answers] == [200, 422]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in [preflight, *answers]} == {origin["Origin"]}


def test_a_second_route_uses_the_model(app, client, rows):
    @app.get("/synchronous")
    def synchronous():
        return predictions_of(rows)

    @app.get("/asynchronous")
    async def asynchronous():
        return predictions_of(rows)

    first, second = client.get("/synchronous"), client.get("/asynchronous")

    assert len(first.json) == 1
    assert first.json == second.json


def test_a_route_refuses_query_parameters_with_its_own_message(app, client):
    @app.get("/rounded")
    def rounded():
        number = request.args.get("number", type=float)
        if number is None:
            abort(422, "'number' must be a number.")
        return [round(number, request.args.get("digits", 0, type=int))]

    valid, invalid = client.get("/rounded?number=1.26&digits=1"), client.get("/rounded?number=secret")

    assert valid.json == [1.3]
    assert (invalid.status_code, invalid.content_type) == (422, PROBLEM)
    assert invalid.json["detail"] == "'number' must be a number."


def test_a_body_that_is_not_json_is_a_400(app, client):
    @app.post("/orders")
    def order():
        return request.get_json()

    broken = client.post("/orders", data="{", content_type="application/json")

    assert (broken.status_code, broken.content_type) == (400, PROBLEM)


def test_your_own_refusal_keeps_its_status(app, client):
    class TooFast(Refusal):
        status, code, detail = 429, "too_fast", "Ask again in a minute."

    @app.get("/fast")
    def fast():
        raise TooFast

    refused = client.get("/fast")

    assert (refused.status_code, refused.json["title"]) == (429, "Too Many Requests")
    assert (refused.json["code"], refused.json["detail"]) == ("too_fast", "Ask again in a minute.")


def test_another_blueprint_is_served_and_documented(app, client):
    penguins = Blueprint("penguins", __name__)

    @penguins.get("/penguins/<int:number>")
    def penguin(number):
        """One penguin by its number."""
        abort(404, f"There is no penguin {number}.")

    app.register_blueprint(penguins)
    missing = client.get("/penguins/7")
    operation = client.get("/openapi.json").json["paths"]["/penguins/{number}"]["get"]

    assert (missing.status_code, missing.json["detail"]) == (404, "There is no penguin 7.")
    assert operation["description"] == "One penguin by its number."
    assert [parameter["name"] for parameter in operation["parameters"]] == ["number"]


@pytest.mark.parametrize("name", ["payment_service", "api_docs"])
def test_a_blueprint_whose_name_resembles_ours_is_documented(name, app, client):
    blueprint = Blueprint(name, __name__)
    blueprint.get("/mine")(dict)
    app.register_blueprint(blueprint)

    assert "/mine" in client.get("/openapi.json").json["paths"]


def test_the_blueprint_is_registered_in_an_existing_application(model_service, settings, body):
    host = Flask("host")

    @host.get("/private")
    def private():
        abort(403)

    init_app(host, model_service, settings)
    host.register_blueprint(create_blueprint(), url_prefix="/ml")
    client = host.test_client()

    with model_service:
        assert client.get("/ml/readyz").json["status"] == "ready"
        answer = client.post("/ml/predict", json=body, headers={"X-Request-ID": "mine"})
        assert (answer.status_code, answer.headers["X-Request-ID"]) == (200, "mine")
        assert client.post("/ml/predict").json["code"] == "unsupported_media_type"
        for path in ("/ml/metrics", "/ml/docs", "/ml/docs/swagger-ui.css", "/ml/openapi.json"):
            with client.get(path) as response:
                assert response.status_code == 200
        assert client.get("/private").status_code == 403
        assert client.get("/private").mimetype == "text/html"  # the host's own page
        assert client.get("/nothing").mimetype == "text/html"

    assert client.get("/ml/readyz").json["code"] == "shutting_down"


def test_a_hook_of_the_host_can_answer_first(host, body):
    refusals = {"abort": lambda: abort(401), "answer": lambda: ("maintenance", 503), "pass": lambda: None}
    host.before_request(lambda: refusals[request.headers["Do"]]())
    client = host.test_client()

    answers = {do: client.post("/ml/predict", json=body, headers={"Do": do}) for do in refusals}

    assert {do: answer.status_code for do, answer in answers.items()} == {"abort": 401, "answer": 503, "pass": 200}
    assert all("X-Request-ID" in answer.headers for answer in answers.values())


@pytest.mark.parametrize("read", [lambda: request.get_data(), lambda: request.get_json()])
def test_a_hook_can_read_the_body_before_predict(read, app, client, body):
    @app.before_request
    def check_signature():
        read()

    assert client.post("/predict", json=body).status_code == 200


def test_flasks_own_limit_of_a_body_is_kept(app, client, body):
    app.config["MAX_CONTENT_LENGTH"] = 10

    refused = client.post("/predict", json=body)

    assert (refused.status_code, refused.content_type) == (413, PROBLEM)


def test_an_exception_class_of_your_own_keeps_its_words_and_all_its_headers(app, client):
    class InsufficientStorage(HTTPException):
        code, description = 507, "Not enough storage space."

    @app.get("/full")
    def full():
        raise InsufficientStorage

    @app.get("/private")
    def private():
        abort(401, www_authenticate=[WWWAuthenticate("basic"), WWWAuthenticate("bearer")])

    full_answer, refused = client.get("/full"), client.get("/private")

    assert (full_answer.status_code, full_answer.json["detail"]) == (507, "Not enough storage space.")
    assert {name.lower() for name in refused.headers["WWW-Authenticate"].replace(",", "").split()} == {
        "basic",
        "bearer",
    }


def test_extensions_hear_of_a_bug_and_tests_get_the_exception(app, client):
    @app.get("/bug")
    def bug():
        raise ValueError("a secret")

    heard = []
    with got_request_exception.connected_to(lambda _, exception: heard.append(exception), app):
        assert client.get("/bug").status_code == 500
    assert [type(error) for error in heard] == [ValueError]

    app.testing = True
    with pytest.raises(ValueError, match="a secret"):
        client.get("/bug")


def test_trusted_hosts_are_kept(app, client):
    app.config["TRUSTED_HOSTS"] = ["example.com"]

    assert client.get("/livez", headers={"Host": "example.com"}).status_code == 200
    stranger = client.get("/livez", headers={"Host": "attacker.example"})
    assert (stranger.status_code, stranger.content_type) == (400, PROBLEM)


def test_a_bug_in_a_view_is_an_opaque_500(app, client):
    @app.get("/bug")
    def bug():
        raise ValueError("a secret")

    failed = client.get("/bug")

    assert (failed.status_code, failed.json["code"]) == (500, "internal_error")
    assert "secret" not in failed.text


def test_the_service_is_in_the_current_application(app):
    with app.app_context():
        assert state().service is current_app.extensions["serve"].service
