"""An estimator that does one thing at a time, itself and what it is made of: `n_jobs` is 1 wherever it is a number."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any


def run_as_one_job(estimator: Any) -> None:
    """Change the estimator in place.

    `n_jobs=-1` is meant for training. A batch is too little work to share: the threads that each call would start take
    longer than they save, and the cores belong to the other workers. Where the fitted steps lie is each estimator's own
    affair (`steps`, `estimators_`, `calibrated_classifiers_`), so every object that it holds is looked at.
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
