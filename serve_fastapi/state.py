"""The running service as a dependency, and its predictions for a route."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, Request
from fastapi.requests import HTTPConnection

from model.schema.signature import Row
from serve_core.batching.jobs import Predictions
from serve_core.service import Service
from serve_core.wire.problems import ClientLeft

WATCH_EVERY_S = 0.1


async def service_of(connection: HTTPConnection) -> Service:
    """`app.state.service` of the application that the route belongs to."""
    service: Service = connection.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(service_of)]


async def predictions_of(rows: list[Row], request: Request, service: Service) -> Predictions:
    """Wait for the predictions without blocking the event loop, as long as the client is connected.

    Raises: the errors of `Service.submit` and of its future, ClientLeft.
    """
    submitted = service.submit(rows)
    await asyncio.sleep(0)  # the short calls of this turn are made now, together
    if submitted.done():
        return submitted.result()
    predictions = asyncio.wrap_future(submitted)
    try:
        while not (await asyncio.wait([predictions], timeout=WATCH_EVERY_S))[0]:
            if await request.is_disconnected():
                raise ClientLeft
        return predictions.result()
    finally:
        predictions.cancel()  # rows that still wait in the queue are then never predicted
