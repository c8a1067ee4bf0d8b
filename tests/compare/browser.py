"""A page in Chromium, at a given width."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ..services import PATIENCE_S

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom")

# The window of the browser cannot be as narrow as a telephone, but a frame can, and its parent may inspect it.
FRAME = """<!doctype html>
<body><iframe width="{width}" height="800" srcdoc="{page}"></iframe>
<script>
onload = () => {{
  const page = document.querySelector("iframe").contentDocument
  const {{ scrollWidth, clientWidth }} = page.documentElement
  const isCut = text => {{
    const {{ x, width }} = text.getBBox()
    return x < -1 || x + width > text.ownerSVGElement.viewBox.baseVal.width + 1
  }}
  const cut = [...page.querySelectorAll("svg text")].filter(isCut).map(text => text.textContent)
  document.title = JSON.stringify([scrollWidth - clientWidth, cut])
}}
</script>
"""


@dataclass(frozen=True)
class Shown:
    """
    Attributes:
        n_pixels_hidden: the width of the page beyond the right edge of the window.
        cut: texts that reach beyond their drawing.
        said: messages on the console.
    """

    n_pixels_hidden: int
    cut: list[str]
    said: list[str]


def shown(page: Path, *, width: int, folder: Path) -> Shown:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, (
        f"This test needs a browser: install Chromium (apt-get install chromium), as {' or '.join(PROGRAMS)}."
    )
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=width, page=html.escape(page.read_text())))
    run = subprocess.run(
        [program, *OPTIONS, f"--user-data-dir={folder / 'profile'}", frame.as_uri()],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    title = re.search(r"<title>(\[.*?\])</title>", run.stdout)
    assert title, run.stderr
    n_pixels_hidden, cut = json.loads(html.unescape(title[1]))
    return Shown(n_pixels_hidden, cut, re.findall(r"CONSOLE.*", run.stderr))
