"""Properties of every answer: request id, length, and the form of a refusal."""

from __future__ import annotations

import re

import pytest

from ..bodies import body_of, instance_texts

REQUESTS = [
    ("GET", "/livez"),
    ("HEAD", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/model"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/swagger-ui.css"),
    ("GET", "/nothing"),
    ("PUT", "/predict"),
    ("POST", "/predict"),
]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_returns_the_clients_valid_request_id(client, method, path):
    response = client.request(method, path, headers={"X-Request-ID": "a.B-3_" + "x" * 122})

    assert response.headers["X-Request-ID"] == "a.B-3_" + "x" * 122


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_generates_a_request_id_if_none_is_sent(client, method, path):
    made = [client.request(method, path).headers["X-Request-ID"] for _ in range(2)]

    assert all(re.fullmatch("[0-9a-f]{32}", request_id) for request_id in made)
    assert made[0] != made[1]


@pytest.mark.parametrize("unusable", ["", "a b", "x" * 129, "é".encode("latin-1"), "a/b", "a\tb", "<id>"])
def test_replaces_an_invalid_request_id(client, unusable):
    response = client.get("/livez", headers={"X-Request-ID": unusable})

    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_replaces_duplicate_request_ids(client):
    response = client.get("/livez", headers=[("X-Request-ID", "a"), ("X-Request-ID", "b")])

    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_a_refusal_contains_the_request_id(client):
    response = client.get("/nothing", headers={"X-Request-ID": "abc"})

    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "There is nothing at this path; /openapi.json lists the paths there are.",
        "request_id": "abc",
    }


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/model", "/openapi.json", "/docs", "/docs/swagger-ui.css"])
def test_answers_head_like_get_without_the_body(client, path):
    head, get = client.head(path), client.get(path)

    assert head.status_code == get.status_code == 200
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert head.content == b""


@pytest.mark.parametrize("path", ["/livez", "/model", "/openapi.json", "/docs", "/nothing"])
def test_ignores_forwarded_headers(client, path):
    forwarded = {
        "Forwarded": "for=192.0.2.1;host=other.example;proto=https",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Host": "other.example",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Prefix": "/prefix",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Ssl": "off",
        "SCRIPT_NAME": path,
    }

    plain = client.get(path, headers={"X-Request-ID": "the-same"})
    response = client.get(path, headers={"X-Request-ID": "the-same"} | forwarded)

    assert (response.status_code, response.content) == (plain.status_code, plain.content)
    assert response.headers.keys() == plain.headers.keys()


def test_keeps_the_connection_open_after_a_refusal(client, signature):
    """A refusal leaves no unread bytes on the connection."""
    for content in (b"{", b"x" * 100_000, body_of(instance_texts(signature))):
        client.put("/predict", content=content)
        client.post("/predict", content=content)

        assert client.get("/livez").json() == {"status": "alive"}
