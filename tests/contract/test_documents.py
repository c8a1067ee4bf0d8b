"""The documents about the service: model, health and documentation."""

from __future__ import annotations

import orjson

from ..artifacts import FEW, of_every_model


@of_every_model(*FEW)
def test_describes_the_model(client, model):
    document = client.get("/model").json()

    assert document["name"] == model.manifest.name
    assert document["version"] == model.manifest.version
    assert document["digest"] == model.digest
    assert document["signature"] == orjson.loads(orjson.dumps(model.signature.to_json()))
    assert document["metrics"] == model.manifest.metrics
    assert document["runtime"] == {"name": model.runtime, "reason": model.reason}


@of_every_model(*FEW)
def test_predicts_the_documented_example(client):
    document = client.get("/openapi.json").json()
    schema = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    [instances] = schema["properties"]["instances"]["examples"]

    assert client.post("/predict", json={"instances": instances}).status_code == 200


def test_is_alive_and_ready(client):
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json()["status"] == "ready"


@of_every_model(*FEW)
def test_marks_the_example_and_no_other_model(client, model):
    mark = {"example": True} if model.manifest.example else {}

    assert client.get("/readyz").json() == {"status": "ready", **mark}
    assert client.get("/model").json().get("example") == mark.get("example")


@of_every_model(*FEW)
def test_answers_head_for_every_model(client):
    for path in ("/readyz", "/model"):
        head, get = client.head(path), client.get(path)

        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_the_documentation_page_needs_no_other_host(client):
    page = client.get("/docs")

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "http://" not in page.text
    assert "https://" not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"):
        assert f'"docs/{asset}"' in page.text
        assert client.get(f"/docs/{asset}").status_code == 200
