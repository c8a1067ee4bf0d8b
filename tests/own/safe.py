"""Arithmetic that never raises."""

from __future__ import annotations

import pandas as pd


def quotient(over: pd.Series[float], under: pd.Series[float]) -> pd.Series[float]:
    return over / under.where(under != 0, 1.0)
