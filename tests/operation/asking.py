"""Ask a service whose model is a puppet: each request on a connection of its own, now or in the background."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from ..services import PATIENCE_S, Running

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Asking:
    def __init__(self, client: httpx.Client, background: ThreadPoolExecutor) -> None:
        self._client = client
        self._background = background

    def get(self, path: str) -> httpx.Response:
        return self._client.get(path)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._client.request(method, path, **options)

    def predict(self, command: str, request_id: str = "a") -> httpx.Response:
        return self._client.post(
            "/predict", json={"instances": [{"command": command}]}, headers={"X-Request-ID": request_id}
        )

    def predict_later(self, command: str) -> Future[httpx.Response]:
        return self._background.submit(self.predict, command)

    def worker(self) -> int:
        """The process id of the worker that has answered."""
        response = self.predict("pid")
        assert response.status_code == 200, response.text
        return int(response.json()["predictions"][0]["value"])

    def metrics(self) -> Samples:
        response = self.get("/metrics")
        assert response.status_code == 200, response.text
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(response.text)
            for sample in family.samples
        }

    def metric(self, name: str, **labels: str) -> float:
        """The sum over the labels that are not named."""
        return sum(
            value for (found, of), value in self.metrics().items() if found == name and of >= set(labels.items())
        )

    def wait_for_metric(self, name: str, value: float, **labels: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while (found := self.metric(name, **labels)) != value:
            assert time.monotonic() < deadline, f"{name} is {found}, and was not {value} in time"


@contextmanager
def asking(service: Running) -> Iterator[Asking]:
    fresh = httpx.Limits(max_keepalive_connections=0)
    with (
        httpx.Client(base_url=service.url, timeout=PATIENCE_S, limits=fresh) as client,
        ThreadPoolExecutor(32) as background,
    ):
        yield Asking(client, background)
