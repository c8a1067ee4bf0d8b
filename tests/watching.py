"""A client that watches a service: its metrics, its status, and any request, each on its own connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from .services import PATIENCE_S, Running

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Watching:
    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str) -> httpx.Response:
        return self._client.get(path)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._client.request(method, path, **options)

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

    def wait_for_status(self, path: str, status: int) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_S
        while (response := self.get(path)).status_code != status:
            assert time.monotonic() < deadline, f"{path} answers {response.status_code}, and did not {status} in time"
        return response


@contextmanager
def watching(service: Running) -> Iterator[Watching]:
    with connecting(service) as client:
        yield Watching(client)


def connecting(service: Running) -> httpx.Client:
    # Not with limits of the client's pool: httpcore may then close a connection that another thread has just got.
    return httpx.Client(base_url=service.url, timeout=PATIENCE_S, headers={"Connection": "close"})
