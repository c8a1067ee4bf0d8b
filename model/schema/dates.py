"""Calendar dates as ISO 8601 writes them, 2026-11-30: their strings sort as the dates do."""

from __future__ import annotations

import re
from datetime import date
from typing import TypeGuard

PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
FIRST, LAST = "0001-01-01", "9999-12-31"


def is_date(value: object) -> TypeGuard[str]:
    """Whether it is a string YYYY-MM-DD with a date of the calendar."""
    # `date.fromisoformat` alone would also read 20261130 and 2026-W48-1.
    if not isinstance(value, str) or not re.fullmatch(PATTERN, value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
