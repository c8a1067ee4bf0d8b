"""Dates as numbers: a module of an author."""

import pandas as pd


def in_numbers(dates: pd.DataFrame) -> pd.DataFrame:
    """Year, month and day of every column, NaN for a missing date."""
    parts = ("year", "month", "day")
    return pd.DataFrame({f"{name} {part}": getattr(dates[name].dt, part) for name in dates for part in parts})
