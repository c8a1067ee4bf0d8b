"""Metrics: one dashboard fits every backend, and clients cannot add labels."""

from __future__ import annotations

from ..services import BACKENDS, running
from .asking import Asking, Samples, asking


def ask_for_a_bit_of_everything(ask: Asking) -> None:
    for path in ("/livez", "/readyz", "/model", "/openapi.json", "/docs", "/docs/nothing", "/nothing", "//predict"):
        ask.get(path)
    for command in ("answer", "answer", "raise words", "nan"):
        ask.predict(command)
    for method in ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        ask.request(method, "/model")
    for body in ("{", "{}", '{"instances": [{"command": "a"}, {"command": "b"}, {"command": "c"}]}'):
        ask.request("POST", "/predict", content=body, headers={"Content-Type": "application/json"})
    ask.request("POST", "/predict", content="{}")


def counts(samples: Samples) -> Samples:
    """All samples that do not measure time."""
    return {
        (name, labels): value
        for (name, labels), value in samples.items()
        if not name.endswith(("_seconds_bucket", "_seconds_sum"))
    }


def test_all_backends_have_the_same_metrics(puppet):
    of = {}
    for backend in BACKENDS:
        with running(backend, puppet) as service, asking(service) as ask:
            ask_for_a_bit_of_everything(ask)
            ask.wait_for_metric("serve_request_seconds_count", 3, route="/predict", method="POST", status="200")
            of[backend] = ask.metrics()

    first, *others = of.values()
    for other in others:
        assert other.keys() == first.keys()
        assert counts(other) == counts(first)


def test_count_requests_and_model_calls(serve, puppet):
    with asking(serve(puppet)) as ask:
        ask_for_a_bit_of_everything(ask)

        assert ask.metric("serve_request_seconds_count", route="/predict", method="POST", status="200") == 3
        assert ask.metric("serve_request_seconds_count", route="/predict", method="POST", status="500") == 2
        assert ask.metric("serve_request_seconds_count", route="/predict", method="POST", status="400") == 1
        assert ask.metric("serve_request_seconds_count", route="/model", method="HEAD", status="200") == 1
        assert ask.metric("serve_request_seconds_count", route="unmatched", method="DELETE", status="405") == 1
        assert ask.metric("serve_model_call_rows_sum") == 5
        assert ask.metric("serve_model_call_rows_count") == ask.metric("serve_model_call_seconds_count") == 3
        assert ask.metric("serve_model_failures_total") == 2
        assert ask.metric("serve_ready_workers") == 1
        assert ask.metric("serve_queue_requests") == ask.metric("serve_queue_rows") == 0


def test_clients_cannot_create_labels(serve, puppet):
    def ask_for_nothing(ask: Asking, n_names: int) -> None:
        for index in range(n_names):
            ask.get(f"/nothing-{index}")
            ask.get(f"/docs/nothing-{index}")
            ask.request(f"NOTHING{'X' * index}", "/predict")
            ask.get(f"/livez?nothing={index}")

    with asking(serve(puppet)) as ask:
        ask_for_nothing(ask, 1)
        ask.get("/metrics")
        labels = ask.metrics().keys()
        ask_for_nothing(ask, 20)

        assert ask.metrics().keys() == labels
