"""Where the model is called: in a thread, or between two turns of the event loop if a call is hardly noticed there."""

from __future__ import annotations

from statistics import median
from time import perf_counter

import structlog

from model.artifact import Model
from model.signature import Row

logger = structlog.get_logger("serve.placement")

IN_PLACE_MS = 1.0
N_CALLS = 3


def is_called_in_place(model: Model, max_batch_rows: int) -> bool:
    """Whether every call takes less than a millisecond.

    The largest batch is what is measured: a mean would let a few calls keep everybody waiting. scikit-learn never gets
    there, and how long a text takes is the client's to say.
    """
    signature = model.signature
    if model.runtime == "sklearn" or any(feature.kind == "text" for feature in signature.features):
        logger.info("model called in a thread", runtime=model.runtime)
        return False
    rows = [[signature.example[name] for name in signature.names]] * max_batch_rows
    call_ms = median(_call_ms(model, rows) for _ in range(N_CALLS))
    is_in_place = call_ms < IN_PLACE_MS
    logger.info(
        "model called in place" if is_in_place else "model called in a thread",
        runtime=model.runtime,
        rows=max_batch_rows,
        call_ms=round(call_ms, 3),
    )
    return is_in_place


def _call_ms(model: Model, rows: list[Row]) -> float:
    started = perf_counter()
    model.predict(rows)
    return (perf_counter() - started) * 1000
