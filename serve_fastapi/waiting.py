"""How a request waits for its predictions: on the event loop, for as long as its client does."""

from __future__ import annotations

import asyncio

from starlette.types import Receive

from model.signature import Row
from serve_core.queue import Job, Predictions
from serve_core.service import Service

from .body import ValidatedRequest

# Most requests are answered before, and are spared the task that watches their client.
UNWATCHED_S = 0.05


async def predictions_of(rows: list[Row], request: ValidatedRequest, service: Service) -> Predictions:
    """Raises: what `Service.submit` raises and its promise brings."""
    loop = asyncio.get_running_loop()
    predictions: asyncio.Future[Predictions] = loop.create_future()
    job = service.submit(rows, request.n_body_bytes, predictions)
    watch = loop.call_later(UNWATCHED_S, _watch_client, request.receive, service, job, predictions)
    try:
        return await predictions
    finally:
        watch.cancel()


def _watch_client(receive: Receive, service: Service, job: Job, predictions: asyncio.Future[Predictions]) -> None:
    watcher = asyncio.create_task(_take_back_when_left(receive, service, job))
    predictions.add_done_callback(lambda _: watcher.cancel())


async def _take_back_when_left(receive: Receive, service: Service, job: Job) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass  # the body has been read
    service.take_back(job)
