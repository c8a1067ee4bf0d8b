"""Which values a column of each dtype holds without changing them: kinds, bounds, null."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from .dates import FIRST, LAST

Bound = Any  # a number or, of a date, a string; the type checker does not know the kind
Bounds = tuple[Bound, Bound]  # inclusive

ALL = (-inf, inf)


@dataclass(frozen=True, slots=True)
class Held:
    """
    Attributes:
        kinds: each kind that fits into the column, with the bounds between which numbers, integers and dates fit.
        null: whether the column also holds null.
    """

    kinds: Mapping[str, Bounds]
    null: bool = True


def held_by(dtype: str) -> Held:
    """The values that a column with this `Feature.dtype` can hold. An unknown dtype holds nothing."""
    match dtype:
        case "category" | "ordered category":
            return Held({"category": ALL})
        case "str" | "string":
            return Held({"category": ALL, "text": ALL})
        case "object" | "object with None":
            return Held(dict.fromkeys(("number", "integer", "boolean", "category", "text"), ALL))
        case "datetime64[s]" | "datetime64[ms]" | "datetime64[us]":
            return Held({"date": (FIRST, LAST)})
        case "datetime64[ns]":
            return Held({"date": ("1677-09-22", "2262-04-11")})  # 64 bits of nanoseconds around 1970
    try:
        found = _dtype(dtype)
    except (TypeError, ValueError, SyntaxError, ImportError):  # not a dtype, or its library is not installed
        return Held({})
    # numpy's integers and booleans have no missing value. The nullable dtypes of pandas keep a mask beside them.
    is_nullable = not isinstance(found, np.dtype) or found.kind == "f"
    return Held(_numeric_kinds(getattr(found, "numpy_dtype", found)), is_nullable)


def _dtype(name: str) -> Any:
    """The dtype of numpy or pandas with this name. Raises: whatever pandas raises for an unknown name."""
    try:
        return np.dtype(name)
    except TypeError:
        # Imported late: it takes half a second, and a service without such a column does not need it.
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
            most_exact = 2 ** (int(np.finfo(dtype).nmant) + 1)  # beyond this, floats skip integers
            return {"boolean": ALL, "integer": (-most_exact, most_exact), "number": (-most, most)}
    return {}
