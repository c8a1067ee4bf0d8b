"""The checks of the two services, declared and by hand: their length, and whether they ever disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from itertools import islice
from random import Random
from typing import Any

from model.schema.signature import Row
from serve_core.wire.problems import Refusal

from . import ROOT
from .corpus import documents
from .lines import code_lines, n_branches
from .subject import signature

DOCUMENTS = 5_000
SEED = 12
MAX_INSTANCES = 1_000

REFUSED = "refused"


def validations() -> dict[str, float]:
    """The ratios of the hand-written file to the declared one, and how many documents get different answers."""
    # Imported by name, so that type checks of `compare/` pass if one backend is deleted.
    declaring = import_module("serve_fastapi.validation")
    declared = declaring.request_model(signature(), MAX_INSTANCES)
    by_hand = import_module("serve_flask.validation")
    columns = by_hand.columns_of(signature())
    found: Counter[str] = Counter()
    for document in islice(documents(signature(), Random(SEED)), DOCUMENTS):
        kind, answer = _answer(lambda one: _declared_rows(declaring, declared, one), document)
        other = _answer(lambda one: by_hand.rows_of(one, columns, MAX_INSTANCES), document)
        found[kind] += 1
        found["differing"] += (kind, answer) != other
    fastapi, flask = (ROOT / f"serve_{name}" / "validation.py" for name in ("fastapi", "flask"))
    return {
        "lines_ratio": len(code_lines(flask)) / len(code_lines(fastapi)),
        "branches_ratio": n_branches(flask) / n_branches(fastapi),
        "documents": float(DOCUMENTS),
        "refused_documents": float(found[REFUSED]),
        "differing_answers": float(found["differing"]),
    }


def _declared_rows(declaring: Any, declared: Any, document: object) -> list[Row]:
    """As FastAPI's handler does it: errors in a body are placed below "body"."""
    try:
        rows: list[Row] = declared.model_validate(document).rows()
    except ValueError as invalid:
        errors = [{**error, "loc": ("body", *error["loc"])} for error in invalid.errors()]  # type: ignore[attr-defined]
        raise declaring.refusal_of(errors, signature()) from None
    return rows


def _answer(validate: Callable[[object], object], document: object) -> tuple[str, str]:
    """Rows with their types, or the problem document."""
    try:
        return "taken", repr(validate(document))
    except Refusal as refusal:
        return REFUSED, repr((refusal.status, refusal.body()))
