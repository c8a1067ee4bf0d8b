"""Writes the verdicts of a complete run into README.md: `python -m compare.table README.md`."""

from __future__ import annotations

import argparse
import html
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from .measuring.others import of_others
from .page import tables
from .page.record import Record
from .page.words import day_of

RECORD = Path(__file__).parent / "report" / "figures.json"
BEGIN, END = "<!-- comparison -->", "<!-- end of the comparison -->"


class TableError(ValueError):
    """The table must not be written; the message says why."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, help=f"a file with the lines {BEGIN} and {END}")
    parser.add_argument("--record", type=Path, default=RECORD, help="the figures of a full run")
    options = parser.parse_args()
    try:
        options.page.write_text(with_table(options.page.read_text(), Record(json.loads(options.record.read_text()))))
    except TableError as reason:
        sys.exit(f"{options.page} is unchanged: {reason}.")
    except (ValueError, AttributeError, TypeError, KeyError):  # neither UTF-8 nor JSON, or other JSON
        sys.exit(f"{options.page} is unchanged: it is not text, or {options.record} is not a record.")
    except OSError as error:
        sys.exit(f"{error.filename} cannot be read or written: {error.strerror}.")


def with_table(page: str, record: Record) -> str:
    """Raises: TableError."""
    if not record.can_judge:
        raise TableError("the run was quick, incomplete or disturbed, and has no verdicts")
    before, begin, rest = page.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise TableError(f"it has no lines {BEGIN} and {END}")
    return before + begin + "\n".join(_lines(record)) + "\n" + end + after


def _lines(record: Record) -> Iterable[str]:
    raw, machine = record.raw, record.raw["machine"]
    versions = [f"{name} {machine[name]}" for name in ("python", "fastapi", "flask") if name in machine]
    yield f"Measured on {day_of(raw['began'])} with the model {raw['model'].get('name')} on {machine.get('cpu')},"
    yield f"{machine.get('cores')} cores, {', '.join(versions)}:"
    yield f"{raw['rounds']} rounds of {raw['seconds']:g} s per cell."
    yield _faults(record)
    yield of_others(raw["others_shares"])
    yield ""
    yield "| # | claim | source | verdict | figures |"
    yield "|---|---|---|---|---|"
    for claim in tables.claims(record):
        figures = "; ".join(f"{name}: {figure}" for name, figure, _ in claim.figures)
        found = " ".join(filter(None, [claim.why, figures]))
        cells = [str(claim.number), claim.claim, claim.sources, f"**{claim.verdict}**", found]
        yield f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _faults(record: Record) -> str:
    n_requests = sum(cell.get("requests") or 0 for cell in record.raw["cells"])
    wrong = "; ".join(f"{n} ({fault})" for fault, n in record.faults.items())
    return f"Wrong answers to {n_requests:,} requests: {_escaped(wrong) or 'none'}."


def _escaped(cell: str) -> str:
    """The text, escaped so that it makes neither a column nor a tag."""
    return re.sub(r"\s+", " ", html.escape(cell, quote=False)).replace("|", "&#124;")


if __name__ == "__main__":
    main()
