"""A client of a service with a puppet model: each request on its own connection, now or in the background."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from ..bodies import body_of
from ..requests import Request
from ..services import PATIENCE_S, Running
from ..watching import Watching, connecting


class Asking(Watching):
    def __init__(self, client: httpx.Client, background: ThreadPoolExecutor) -> None:
        super().__init__(client)
        self._background = background

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
    with connecting(service) as client, ThreadPoolExecutor(32) as background:
        yield Asking(client, background)
