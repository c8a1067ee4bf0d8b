"""What was measured, as one file to look at: figures.json in, a page that needs nothing else out."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .. import others
from ..intervals import CONFIDENCE
from ..times import BUSY, CALM
from . import charts, plots, tables
from .answer import answer
from .record import Record
from .words import BACKENDS, capital, day_of, digits, names_and, percent

HERE = Path(__file__).parent


def write_page(record: Path, page: Path) -> None:
    """
    Args:
        record: what `python -m compare` has measured so far, as JSON.
        page: is replaced, whole or not at all.
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
