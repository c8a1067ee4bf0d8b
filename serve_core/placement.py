"""Where the model is called: in a thread of its own, or in place where a call is so short that nobody notices."""

from __future__ import annotations

from statistics import median
from time import perf_counter

import structlog

from model.artifact import Model
from model.signature import Row

logger = structlog.get_logger("serve.placement")

IN_PLACE_MS = 1.0
N_CALLS = 3


def rows_in_place(model: Model, max_batch_rows: int) -> int:
    """With how many rows a call takes less than a millisecond: the largest power of two that did; 0 for none.

    scikit-learn never gets there, and how long a text takes is the client's to say.
    """
    if model.runtime == "sklearn" or any(feature.kind == "text" for feature in model.signature.features):
        logger.info("model called in a thread", runtime=model.runtime)
        return 0
    n_rows, call_ms = 1, _call_ms(model, 1)
    if call_ms >= IN_PLACE_MS:
        logger.info("model called in a thread", runtime=model.runtime, rows=1, call_ms=round(call_ms, 3))
        return 0
    while n_rows * 2 <= max_batch_rows and (longer_ms := _call_ms(model, n_rows * 2)) < IN_PLACE_MS:
        n_rows, call_ms = n_rows * 2, longer_ms
    logger.info("model called in place", runtime=model.runtime, up_to_rows=n_rows, call_ms=round(call_ms, 3))
    return n_rows


def _call_ms(model: Model, n_rows: int) -> float:
    """The median of a few: one is too easily disturbed."""
    signature = model.signature
    rows: list[Row] = [[signature.example[name] for name in signature.names]] * n_rows
    return median(_one_call_ms(model, rows) for _ in range(N_CALLS))


def _one_call_ms(model: Model, rows: list[Row]) -> float:
    started = perf_counter()
    model.predict(rows)
    return (perf_counter() - started) * 1000
