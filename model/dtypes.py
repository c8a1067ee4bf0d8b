"""What a column of each dtype can hold without changing it: kinds of values, their bounds, null."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

Bounds = tuple[float, float]  # inclusive

ALL = (-inf, inf)


@dataclass(frozen=True, slots=True)
class Held:
    """
    Attributes:
        kinds: the kinds of which a column holds every value, numbers and integers between these bounds.
        null: whether it holds null, too.
    """

    kinds: Mapping[str, Bounds]
    null: bool = True


def held_by(dtype: str) -> Held:
    """What a column holds whose `Feature.dtype` this is: nothing where that is not known here."""
    match dtype:
        case "category" | "ordered category":
            return Held({"category": ALL})
        case "str" | "string":
            return Held({"category": ALL, "text": ALL})
        case "object" | "object with None":
            return Held(dict.fromkeys(("number", "integer", "boolean", "category", "text"), ALL))
    try:
        found = _dtype(dtype)
    except (TypeError, ValueError, SyntaxError, ImportError):  # no dtype, or one of a library that is not installed
        return Held({})
    # numpy's own integers and booleans have no missing value; pandas keeps it beside those of its nullable ones.
    is_nullable = not isinstance(found, np.dtype) or found.kind == "f"
    return Held(_numeric_kinds(getattr(found, "numpy_dtype", found)), is_nullable)


def _dtype(name: str) -> Any:
    """numpy's, or one of pandas's own. Raises: what pandas raises where it knows no such dtype."""
    try:
        return np.dtype(name)
    except TypeError:
        # Not before: where no column has one, a service does without what takes half a second to import.
        import pandas as pd

        return pd.api.types.pandas_dtype(name)


def _numeric_kinds(dtype: Any) -> dict[str, Bounds]:
    if not isinstance(dtype, np.dtype):
        return {}
    match dtype.kind:
        case "b":
            return {"boolean": ALL}
        case "i" | "u":
            return {"boolean": ALL, "integer": (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))}
        case "f":
            most = float(np.finfo(dtype).max)
            most_exact = 2 ** (int(np.finfo(dtype).nmant) + 1)  # beyond it, not every integer is a float
            return {"boolean": ALL, "integer": (-most_exact, most_exact), "number": (-most, most)}
    return {}
