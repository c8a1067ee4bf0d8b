"""Turns figures.json into one page that needs no other file."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..judging.intervals import CONFIDENCE
from ..judging.times import BUSY, CALM
from ..measuring import others
from . import charts, plots, tables
from .answer import answer
from .record import Record
from .words import BACKENDS, capital, day_of, digits, names_and, percent

HERE = Path(__file__).parent


def write_page(record: Path, page: Path) -> None:
    """
    Args:
        record: the JSON that `python -m compare` has written so far.
        page: replaced completely or not at all.
    """
    page.parent.mkdir(parents=True, exist_ok=True)
    unfinished = page.with_suffix(".unfinished")
    unfinished.write_text(page_of(Record(json.loads(record.read_text()))), encoding="utf-8")
    unfinished.replace(page)


def page_of(record: Record) -> str:
    templates = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters |= {
        "capital": capital,
        "day": day_of,
        "digits": digits,
        "names": names_and,
        "percent": percent,
    }
    return templates.get_template("page.html").render(
        answer=answer(record),
        backends=BACKENDS,
        busy=BUSY,
        calm=CALM,
        charts=charts,
        confidence=CONFIDENCE,
        others=others,
        plots=plots,
        record=record,
        style=(HERE / "style.css").read_text(),
        tables=tables,
    )
