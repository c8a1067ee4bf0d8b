"""The pages of this repository, and what stands in them."""

from __future__ import annotations

import re
from itertools import chain

from ..services import ROOT

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text() for path in chain(ROOT.glob("*.md"), ROOT.glob("docs/*.md"))
}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.DOTALL | re.MULTILINE)


def section(page: str, title: str) -> str:
    return PAGES[page].split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(page: str, title: str) -> list[list[str]]:
    """The cells of every table in a section, without header rows."""
    lines = re.findall(r"^\|(?!-)(.*)\|\n(?!\|-)", section(page, title), re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def codes(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)
