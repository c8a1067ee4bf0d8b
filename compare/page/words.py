"""Figures, names and conditions in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from math import floor, log10

from ..judging.intervals import Interval

Figure = float | Interval | None

NOTHING = "-"
# Between the two lanes of a ratio.
OVER = " ÷ "

OPERATORS = {
    ">=": "is at least",
    "<=": "is at most",
    ">": "is more than",
    "<": "is less than",
}
BACKENDS = {"fastapi": "FastAPI", "flask": "Flask"}
# Words in names of figures that are written differently on the page.
WRITTEN = {**BACKENDS, "cpu": "CPU", "html": "HTML", "json": "JSON", "jwt": "JWT", "mib": "MiB", "us": "µs"}


def digits(value: float | None) -> str:
    """Three significant digits, or all digits before the point."""
    if value is None:
        return NOTHING
    if abs(value) >= 1e6:
        return f"{digits(value / 1e6)}M"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.{max(0, 2 - floor(log10(abs(value))))}f}"


def of_interval(figure: Figure) -> str:
    """The median, and the ends of the interval if there are any."""
    if not isinstance(figure, Interval):
        return digits(figure)
    if figure.low == figure.high:
        return digits(figure.median)
    return f"{digits(figure.median)} ({digits(figure.low)} to {digits(figure.high)})"


def of_ratio(ratio: Interval | None) -> str:
    if ratio is None:
        return NOTHING
    return f"{ratio.median:,.2f}" if ratio.low == ratio.high else str(ratio)


def percent(share: float) -> str:
    return f"{share:.0%}" if share == 0 or share >= 0.01 else "under 1%"


def names_and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def condition_in_words(condition: str) -> str:
    """`flask_per_s >= 5000` becomes: Flask per s is at least 5,000."""
    words = (OPERATORS.get(word, f"{int(word):,}" if word.isdigit() else plain(word)) for word in condition.split(" "))
    return " ".join(words)


def plain(name: str) -> str:
    return " ".join(WRITTEN.get(word, word) for word in name.split("_"))


def capital(sentence: str) -> str:
    """Capitalises the first letter only, because names keep their spelling."""
    return sentence[:1].upper() + sentence[1:]


def day_of(moment: str) -> str:
    """For example 22 November 2026; a text that is not a time stays as it is."""
    if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", moment):
        return moment
    began = datetime.fromisoformat(moment)
    return f"{began.day} {began:%B %Y}"
