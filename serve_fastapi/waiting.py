"""How a request waits for its predictions: on the event loop, for as long as its client does."""

from __future__ import annotations

import asyncio

from fastapi import Request
from starlette.types import Receive

from model.signature import Row
from serve_core.queue import Job, Predictions
from serve_core.service import Service

# Most requests are answered before, and are spared the task that watches their client.
UNWATCHED_S = 0.05


async def predictions_of(rows: list[Row], request: Request, service: Service) -> Predictions:
    """Raises: what `Service.predict` and `Service.submit` raise, and what the promise brings."""
    state = request.scope["state"]
    if len(state.get("in_progress", ())) == 1 and service.is_in_place(rows):  # nobody has come who could go along
        return service.predict(rows, state["request_id"])
    loop = asyncio.get_running_loop()
    predictions: asyncio.Future[Predictions] = loop.create_future()
    job = service.submit(rows, predictions, n_bytes=state["n_body_bytes"], request_id=state["request_id"])
    await asyncio.sleep(0)  # where the model is called in place, it is in the turn of the loop that begins now
    if predictions.done():
        return predictions.result()
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
