"""Metrics: one dashboard fits every backend, and clients cannot add labels."""

from __future__ import annotations

import pytest

from ..services import BACKENDS, running
from ..watching import Samples, Watching, watching

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def body(instance):
    return {"instances": [instance]}


def ask_for_a_bit_of_everything(watch, body):
    for path in ("/livez", "/readyz", "/model", "/openapi.json", "/docs", "/docs/nothing", "/nothing", "//predict"):
        watch.get(path)
    for _ in range(3):
        assert watch.request("POST", "/predict", json=body).status_code == 200
    for method in ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        watch.request(method, "/model")
    for content in ("{", "{}"):
        watch.request("POST", "/predict", content=content, headers=JSON)
    watch.request("POST", "/predict", content="{}")


def counts(samples: Samples) -> Samples:
    """All samples that do not measure time."""
    return {
        (name, labels): value
        for (name, labels), value in samples.items()
        if not name.endswith(("_seconds_bucket", "_seconds_sum"))
    }


def test_all_backends_have_the_same_metrics(served_artifact, body):
    of = {}
    for backend in BACKENDS:
        with running(backend, served_artifact) as service, watching(service) as watch:
            ask_for_a_bit_of_everything(watch, body)
            watch.wait_for_metric("serve_request_seconds_count", 3, route="/predict", method="POST", status="200")
            of[backend] = watch.metrics()

    first, *others = of.values()
    for other in others:
        assert other.keys() == first.keys()
        assert counts(other) == counts(first)


def test_count_requests_and_model_calls(serve, body):
    with watching(serve()) as watch:
        ask_for_a_bit_of_everything(watch, body)

        assert watch.metric("serve_request_seconds_count", route="/predict", method="POST", status="200") == 3
        assert watch.metric("serve_request_seconds_count", route="/predict", method="POST", status="400") == 1
        assert watch.metric("serve_request_seconds_count", route="/predict", method="POST", status="422") == 1
        assert watch.metric("serve_request_seconds_count", route="/model", method="HEAD", status="200") == 1
        assert watch.metric("serve_request_seconds_count", route="unmatched", method="DELETE", status="405") == 1
        assert watch.metric("serve_model_call_rows_sum") == 3
        assert watch.metric("serve_model_call_rows_count") == watch.metric("serve_model_call_seconds_count") == 3
        assert watch.metric("serve_model_failures_total") == 0
        assert watch.metric("serve_ready_workers") == 1
        assert watch.metric("serve_queue_requests") == watch.metric("serve_queue_rows") == 0


def test_clients_cannot_create_labels(serve):
    def ask_for_nothing(watch: Watching, n_names: int) -> None:
        for index in range(n_names):
            watch.get(f"/nothing-{index}")
            watch.get(f"/docs/nothing-{index}")
            watch.request(f"NOTHING{'X' * index}", "/predict")
            watch.get(f"/livez?nothing={index}")

    with watching(serve()) as watch:
        ask_for_nothing(watch, 1)
        watch.get("/metrics")
        labels = watch.metrics().keys()
        ask_for_nothing(watch, 20)

        assert watch.metrics().keys() == labels
