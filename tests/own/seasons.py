"""Dates as numbers: a module of an author."""

import pandas as pd


def in_numbers(dates: pd.DataFrame) -> pd.DataFrame:
    """Year, day of the year and weekday of every column, NaN for a missing date."""
    parts = ("year", "dayofyear", "dayofweek")
    return pd.DataFrame({f"{name} {part}": getattr(dates[name].dt, part) for name in dates for part in parts})
