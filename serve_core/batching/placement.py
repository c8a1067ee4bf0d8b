"""Chooses where the model is called: in the model thread, or in place if a call is short enough."""

from __future__ import annotations

from time import perf_counter

import structlog

from model.artifact import Model
from model.schema.signature import Row

from ..settings import Settings

logger = structlog.get_logger("serve.placement")

IN_PLACE_MS = 1.0
N_CALLS = 20


def rows_in_place(model: Model, settings: Settings) -> int:
    """The setting; for auto, the largest power of two of rows that the model predicts in less than a millisecond.

    scikit-learn gets 0, because its calls are never so short. A model that reads texts gets 0, too, because the client
    decides how long they are.
    """
    if settings.rows_in_place != "auto":
        n_rows = settings.rows_in_place
    elif model.runtime != "onnx" or any(feature.kind == "text" for feature in model.signature.features):
        n_rows = 0
    else:
        n_rows = 0
        while (twice := max(1, n_rows * 2)) <= settings.max_batch_rows and _call_ms(model, twice) < IN_PLACE_MS:
            n_rows = twice
    place = f"in place, up to {n_rows} rows" if n_rows else "in the model thread"
    logger.info("model placement", runtime=model.runtime, place=place, rows_in_place=n_rows)
    return n_rows


def _call_ms(model: Model, n_rows: int) -> float:
    """The time of the fastest of a few calls: other processes on the machine can only make a call slower."""
    signature = model.signature
    rows: list[Row] = [[signature.example[name] for name in signature.names]] * n_rows
    return min(_one_call_ms(model, rows) for _ in range(N_CALLS))


def _one_call_ms(model: Model, rows: list[Row]) -> float:
    started = perf_counter()
    model.predict(rows)
    return (perf_counter() - started) * 1000
