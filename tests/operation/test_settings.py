"""Each setting does what its row in the table says."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest

from model.artifact.manifest import running_libraries

from ..bodies import body_of
from ..model.changes import repackage
from ..openapi import operations
from ..services import PATIENCE_S, running

INSTANCE = {"command": '"answer"'}
MAX_INSTANCES = 3
MAX_BODY_BYTES = 200


@pytest.fixture(scope="module")
def limited(backend, puppet):
    """A client of a service with low limits."""
    with (
        running(backend, puppet, max_instances=MAX_INSTANCES, max_body_bytes=MAX_BODY_BYTES) as service,
        httpx.Client(base_url=service.url, timeout=PATIENCE_S) as client,
    ):
        yield client


def predict(client, body, *, is_chunked=False):
    content = iter([body.encode()]) if is_chunked else body.encode()
    return client.post("/predict", content=content, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("is_chunked", [False, True], ids=["announced", "chunked"])
def test_limits_the_length_of_a_body(limited, is_chunked):
    longest = body_of(INSTANCE).ljust(MAX_BODY_BYTES)

    assert predict(limited, longest, is_chunked=is_chunked).status_code == 200
    refused = predict(limited, longest + " ", is_chunked=is_chunked)
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
    assert f" {MAX_BODY_BYTES} bytes" in refused.json()["detail"]


def test_limits_the_number_of_instances(limited):
    assert predict(limited, body_of(*[INSTANCE] * MAX_INSTANCES)).status_code == 200
    refused = predict(limited, body_of(*[INSTANCE] * (MAX_INSTANCES + 1)))
    assert (refused.status_code, refused.json()["code"]) == (422, "too_many_instances")


def test_documents_the_maximum_number_of_instances(limited):
    request = operations(limited.get("/openapi.json").json())["/predict", "post"]["request"]

    body = request["content"]["application/json"]["schema"]
    assert body["properties"]["instances"]["maxItems"] == MAX_INSTANCES


@pytest.mark.slow
def test_serves_a_model_of_another_scikit_learn_if_allowed(serve, puppet, tmp_path):
    artifact = Path(shutil.copytree(puppet, tmp_path / "artifact"))
    repackage(artifact, libraries=running_libraries() | {"scikit-learn": "0.24.2"})

    service = serve(artifact, allow_other_sklearn=True)

    with httpx.Client(base_url=service.url, timeout=PATIENCE_S) as client:
        assert predict(client, body_of(INSTANCE)).status_code == 200
    assert "trained with scikit-learn 0.24.2" in service.lines[0]["event"]
