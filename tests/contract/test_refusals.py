"""The refusal table: the first matching row wins, whatever else is wrong with the request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from time import monotonic

import httpx
import pytest

from ..bodies import body_of, instance_texts
from ..services import PATIENCE_S

MAX_BODY_BYTES = 2 * 1024**2


@dataclass(frozen=True)
class Attempt:
    """A valid request until rows of the table break it."""

    instance: dict[str, str]
    method: str = "POST"
    path: bytes = b"/predict"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    instances: str = ""
    tail: str = ""
    padding: int = 0
    is_chunked: bool = False

    def send(self, client: httpx.Client) -> httpx.Response:
        instances = self.instances or body_of(self.instance)[:-1]
        body = (instances + self.tail + "}" + " " * self.padding).encode()
        return client.request(
            self.method,
            client.base_url.copy_with(raw_path=self.path),
            headers=self.headers,
            content=iter([body]) if self.is_chunked else body,
        )


def header(name, value):
    return lambda attempt: replace(attempt, headers=attempt.headers | {name: value})


def tail(text):
    return lambda attempt: replace(attempt, tail=attempt.tail + text)


# Each row breaks the request in its own place, so that any two rows can be combined.
ROWS = {
    ("not_found", 404): lambda attempt: replace(attempt, path=b"/nothing"),
    ("method_not_allowed", 405): lambda attempt: replace(attempt, method="PUT"),
    ("unsupported_media_type", 415): header("Content-Type", "text/plain"),
    ("unsupported_content_encoding", 415): header("Content-Encoding", "gzip"),
    ("body_too_large", 413): lambda attempt: replace(attempt, padding=MAX_BODY_BYTES),
    ("not_finite", 400): tail(', "surplus": NaN'),
    ("no_instances", 422): lambda attempt: replace(attempt, instances='{"instances": []'),
    ("invalid_instances", 422): tail(', "surplus": 1'),
}


@pytest.fixture
def attempt(signature):
    return Attempt(instance_texts(signature))


def answer(response):
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code
    return response.json()["code"], response.status_code


def test_a_valid_request_gets_200(client, attempt):
    assert attempt.send(client).status_code == 200


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_row_of_the_table_gets_its_refusal(client, attempt, row):
    assert answer(ROWS[row](attempt).send(client)) == row


@pytest.mark.parametrize(("first", "second"), list(combinations(ROWS, 2)), ids=lambda row: row[0])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["announced", "chunked"])
def test_the_first_matching_row_wins(client, attempt, first, second, is_chunked):
    broken = ROWS[first](ROWS[second](replace(attempt, is_chunked=is_chunked)))

    assert answer(broken.send(client)) == first


def test_refusals_stay_the_same_during_the_drain(serve, attempt):
    service = serve(drain_ms=600_000)
    with httpx.Client(base_url=service.url) as client:
        service.terminate()
        patience_ends = monotonic() + PATIENCE_S
        while client.get("/readyz").status_code == 200:
            assert monotonic() < patience_ends, "it never became unready"

        assert attempt.send(client).status_code == 200
        for row, broken in ROWS.items():
            assert answer(broken(attempt).send(client)) == row
        service.kill()


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/predict/",
        b"//predict",
        b"/Predict",
        b"/predict/x",
        b"/docs/",
        b"/model/",
        b"/%2fpredict",
        b"/predict%0a",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_answers_404_to_unknown_paths_with_any_method(client, attempt, path, method):
    assert answer(replace(attempt, path=path, method=method).send(client)) == ("not_found", 404)


@pytest.mark.parametrize("path", ["/model", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_answers_405_and_allows_get_on_read_only_paths(client, path, method):
    response = client.request(method, path)

    assert answer(response) == ("method_not_allowed", 405)
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_answers_405_and_allows_post_on_predict(client, method):
    response = client.request(method, "/predict")

    assert answer(response) == ("method_not_allowed", 405)
    assert response.headers["Allow"] == "OPTIONS, POST"


def test_answers_405_without_a_body_to_head_on_predict(client):
    response = client.head("/predict")

    assert response.status_code == 405
    assert response.headers["Allow"] == "OPTIONS, POST"
    assert response.content == b""


@pytest.mark.parametrize(
    ("path", "methods"), [("/predict", {"OPTIONS", "POST"}), ("/livez", {"GET", "HEAD", "OPTIONS"})]
)
def test_answers_options_with_the_methods_of_the_path(client, path, methods):
    response = client.options(path)

    assert (response.status_code, response.content) == (200, b"")
    assert set(response.headers["Allow"].split(", ")) == methods


@pytest.mark.parametrize(
    "content_type", [None, "", "text/json", "application/problem+json", "application/jsonx", "multipart/form-data"]
)
def test_answers_415_to_other_media_types_and_names_json(client, attempt, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}

    response = replace(attempt, headers=headers).send(client)

    assert answer(response) == ("unsupported_media_type", 415)
    assert "application/json" in response.json()["detail"]


def test_answers_415_to_an_encoded_body_and_accepts_identity(client, attempt):
    response = header("Content-Encoding", "gzip")(attempt).send(client)

    assert response.headers["Accept-Encoding"] == "identity"


def test_accepts_the_identity_encoding(client, attempt):
    assert header("Content-Encoding", "Identity")(attempt).send(client).status_code == 200


@pytest.mark.parametrize("is_chunked", [False, True], ids=["announced", "chunked"])
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_answers_413_to_a_valid_body_one_byte_too_long(client, signature, is_chunked, connection):
    body = body_of(instance_texts(signature)).encode().ljust(MAX_BODY_BYTES + 1)
    headers = {"Content-Type": "application/json", "Connection": connection}

    def send(content):
        sent = (content[start : start + 65536] for start in range(0, len(content), 65536)) if is_chunked else content
        return client.post("/predict", content=sent, headers=headers)

    assert answer(send(body)) == ("body_too_large", 413)
    assert send(body[:-1]).status_code == 200


def test_answers_413_to_a_much_longer_body(client, attempt):
    assert answer(replace(attempt, padding=10 * MAX_BODY_BYTES).send(client)) == ("body_too_large", 413)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        ('"instances"', "not_an_object"),
        ("1e400", "not_an_object"),
        ("{}", "missing_instances"),
        ('{"Instances": []}', "missing_instances"),
        ('{"instances": null}', "instances_not_an_array"),
        ('{"instances": {}}', "instances_not_an_array"),
        ('{"instances": "[]"}', "instances_not_an_array"),
        ('{"instances": []}', "no_instances"),
        ('{"instances": [], "surplus": 1}', "no_instances"),
        (body_of(*["{}"] * 1001), "too_many_instances"),
    ],
)
def test_answers_422_without_valid_instances(client, body, code):
    response = client.post("/predict", content=body, headers={"Content-Type": "application/json"})

    assert answer(response) == (code, 422)
    assert "errors" not in response.json()
