"""A thousand features and a thousand instances in one request, if the settings allow it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from ..bodies import body_of, instance_texts, pointer, text_of
from ..services import PATIENCE_S, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("artifact", ["thousand_columns"], indirect=True, scope="module"),
]

MAX_BODY_BYTES = 64 * 1024**2
N_INSTANCES = 1000
CHUNK_BYTES = 1024**2


@pytest.fixture(scope="module")
def wide(backend, artifact):
    """A client of a service that accepts such bodies."""
    with (
        running(backend, artifact, max_body_bytes=MAX_BODY_BYTES) as service,
        httpx.Client(base_url=service.url, timeout=PATIENCE_S) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def instances(signature):
    """Instances that differ in the first feature."""
    return [signature.example | {signature.names[0]: float(index)} for index in range(N_INSTANCES)]


@pytest.fixture(scope="module")
def body(instances):
    return body_of(*map(text_of, instances))


def predict(client, content):
    return client.post("/predict", content=content, headers={"Content-Type": "application/json"})


def test_wide_requests_are_predicted(wide, model, instances, body):
    predictions = predict(wide, body).json()["predictions"]

    expected = model.predict([list(instance.values()) for instance in instances])
    assert [each["value"] for each in predictions] == pytest.approx([each["value"] for each in expected])


def test_health_checks_are_answered_during_a_wide_request(wide, body):
    is_sent = threading.Event()
    content = body.encode()

    def chunks():
        yield from (content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES))
        is_sent.set()

    with ThreadPoolExecutor(1) as background:
        prediction = background.submit(predict, wide, chunks())
        assert is_sent.wait(PATIENCE_S)
        n_meanwhile = 0
        while not prediction.done():
            assert wide.get("/livez").status_code == 200
            n_meanwhile += not prediction.done()

    assert prediction.result().status_code == 200
    assert n_meanwhile > 0


def test_the_first_faults_of_a_million_are_listed(wide, signature):
    faulty = dict.fromkeys(signature.names, "true")

    response = predict(wide, body_of(*[faulty] * N_INSTANCES))

    assert (response.status_code, response.json()["code"]) == (422, "invalid_instances")
    assert response.json()["detail"] == "More than 100 faults in 1 instance"
    assert response.json()["truncated"] is True
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        (pointer("instances", 0, name), "not_a_number") for name in signature.names[:100]
    ]


def test_a_fault_in_the_last_of_a_million_values_is_found(wide, signature, instances):
    valid = map(text_of, instances[:-1])
    last = instance_texts(signature) | {signature.names[-1]: '"1"'}

    response = predict(wide, body_of(*valid, last))

    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        (pointer("instances", N_INSTANCES - 1, signature.names[-1]), "not_a_number")
    ]
