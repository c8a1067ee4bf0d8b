"""How a request gets its predictions: in its thread, to which WSGI never says that the client has left."""

from __future__ import annotations

from concurrent.futures import Future

from flask import g

from model.signature import Row
from serve_core.queue import Predictions
from serve_core.service import Service


def predictions_of(rows: list[Row], n_body_bytes: int, service: Service) -> Predictions:
    """Raises: what `Service.predict` and `Service.submit` raise, and what the promise brings."""
    if service.is_in_place(rows):
        return service.predict(rows, g.request_id)
    predictions: Future[Predictions] = Future()
    service.submit(rows, predictions, n_bytes=n_body_bytes, request_id=g.request_id)
    return predictions.result()
