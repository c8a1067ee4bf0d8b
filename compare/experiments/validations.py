"""The checks of the two services, declared and by hand: how long they are, and whether they ever disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from itertools import islice
from random import Random

from serve_core.problems import Refusal

from . import ROOT
from .corpus import documents
from .lines import code_lines, n_branches
from .subject import signature

DOCUMENTS = 5_000
SEED = 12
MAX_INSTANCES = 1_000

REFUSED = "refused"


def validations() -> dict[str, float]:
    """Ratios of the hand-written file to the declared one; how many of so many documents they answer differently."""
    # By name, so that the rest of `compare/` is typed without the one that is deleted.
    declared = import_module("serve_fastapi.validation").request_model(signature(), MAX_INSTANCES)
    by_hand = import_module("serve_flask.validation")
    columns = by_hand.columns_of(signature())
    found: Counter[str] = Counter()
    for document in islice(documents(signature(), Random(SEED)), DOCUMENTS):
        kind, answer = _answer(lambda one: declared.of(one).rows(), document)
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


def _answer(validate: Callable[[object], object], document: object) -> tuple[str, str]:
    """Rows with their types, or the problem document."""
    try:
        return "taken", repr(validate(document))
    except Refusal as refusal:
        return REFUSED, repr((refusal.status, refusal.body("")))
