"""Make an estimator run single-threaded: set every integer `n_jobs` to 1, in the estimator and in all its parts."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any


def run_as_one_job(estimator: Any) -> None:
    """Change the estimator in place.

    `n_jobs=-1` is meant for training. A batch is too small to be split: starting threads for each call costs more time
    than they save, and the cores belong to the other workers. Every estimator keeps its fitted steps under another
    name (`steps`, `estimators_`, `calibrated_classifiers_`), so this function visits every object that it holds.
    """
    waiting: list[Any] = [estimator]
    seen: set[int] = set()
    while waiting:
        held = waiting.pop()
        if id(held) in seen:
            continue
        seen.add(id(held))
        if isinstance(held, Mapping):
            waiting.extend(held.values())
        elif isinstance(held, list | tuple | set | frozenset):
            waiting.extend(held)
        elif hasattr(held, "__dict__") and not isinstance(held, type | FunctionType | ModuleType):
            attributes = vars(held)
            if isinstance(attributes.get("n_jobs"), int):
                attributes["n_jobs"] = 1
            waiting.extend(attributes.values())
