"""The tests run the code that docs/extending.md quotes."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

from ..services import ROOT

PAGE = (ROOT / "docs" / "extending.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SOURCES = [path.read_text() for path in Path(__file__).parent.glob("*.py") if path.name != Path(__file__).name]


@pytest.mark.parametrize("piece", [piece.strip("\n") for block in BLOCKS for piece in block.split("\n\n")])
def test_every_quoted_piece_of_code_is_tested(piece):
    quoted = [f"\n{indent(piece, ' ' * width)}\n" for width in (0, 4, 8)]

    assert any(text in source for text in quoted for source in SOURCES)
