"""docs/operations.md is complete: settings, metrics, make targets."""

from __future__ import annotations

import re

import httpx

from serve_core.settings import settings_table

from ..services import ROOT
from .pages import PAGES, codes, rows

PAGE = "docs/operations.md"


def test_lists_every_setting():
    assert f"<!-- settings -->\n{settings_table()}\n<!-- /settings -->" in PAGES[PAGE]


def test_lists_every_metric(ports, signature):
    port = next(iter(ports.values()))
    # A metric with labels appears after its first count.
    httpx.post(f"http://127.0.0.1:{port}/predict", json={"instances": [signature.example]})

    described = re.findall(r"^# HELP (\w+)", httpx.get(f"http://127.0.0.1:{port}/metrics").text, re.MULTILINE)

    assert {code for cell, *_ in rows(PAGE, "Logs and metrics") for code in codes(cell)} == set(described)


def test_lists_every_make_target():
    makefiles = "".join(path.read_text() for path in [ROOT / "Makefile", *ROOT.glob("*/words.mk")])
    targets = set(re.findall(r"^([\w-]+):.*## ", makefiles, re.MULTILINE))

    assert {cell.removeprefix("`make ").rstrip("`") for cell, _ in rows(PAGE, "Make targets")} == targets - {"help"}
