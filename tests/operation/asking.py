"""A client of a service with a puppet model: each request on its own connection, now or in the background."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from ..bodies import body_of
from ..requests import Request
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

    def predict(self, *commands: str, request_id: str = "a") -> httpx.Response:
        """One instance per command."""
        instances = [{"command": command} for command in commands]
        return self._client.post("/predict", json={"instances": instances}, headers={"X-Request-ID": request_id})

    def predict_later(self, *commands: str, request_id: str = "a") -> Future[httpx.Response]:
        return self._background.submit(self.predict, *commands, request_id=request_id)

    def queue(self, *requests: Sequence[str]) -> list[Future[httpx.Response]]:
        """Queue these requests in order, while a call holds them back."""
        queued = []
        n_queued = self.metric("serve_queue_requests")
        for index, commands in enumerate(requests):
            queued.append(self.predict_later(*commands, request_id=f"number-{index}"))
            self.wait_for_metric("serve_queue_requests", n_queued + index + 1)
        return queued

    def worker(self) -> int:
        """The process id of the worker that answered."""
        return int(values(self.predict("pid"))[0])

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


def values(response: httpx.Response) -> list[float]:
    assert response.status_code == 200, response.text
    return [prediction["value"] for prediction in response.json()["predictions"]]


def leave_behind(service: Running, ask: Asking) -> None:
    """Leave a queued request behind: its client closes the connection once the request waits behind another one."""
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as connection:
        connection.sendall(Request(body=body_of({"command": '"answer"'}).encode()).to_bytes())
        ask.wait_for_metric("serve_queue_requests", 2)


@contextmanager
def asking(service: Running) -> Iterator[Asking]:
    # Not with limits of the client's pool: httpcore may then close a connection that another thread has just got.
    with (
        httpx.Client(base_url=service.url, timeout=PATIENCE_S, headers={"Connection": "close"}) as client,
        ThreadPoolExecutor(32) as background,
    ):
        yield Asking(client, background)
