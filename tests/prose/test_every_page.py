"""What the pages name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..services import ROOT
from .pages import PAGES

WRITTEN_BY_PACKAGING = "model/artifact.toml"


@pytest.mark.parametrize("page", PAGES)
def test_names_only_existing_files(page):
    folders = r"model|serve_\w+|tests|docs|docker"
    named = re.findall(rf"`((?:{folders})/[\w./-]*|\w+\.(?:yaml|toml|lock)|Makefile|Dockerfile)`", PAGES[page])
    linked = [Path(page).parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGES[page])]

    for path in [*named, *linked]:
        assert (ROOT / path).exists() or path == WRITTEN_BY_PACKAGING, path


@pytest.mark.parametrize("page", PAGES)
def test_links_only_to_existing_headings(page):
    for link, heading in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", PAGES[page]):
        other = (ROOT / page).parent.joinpath(link).resolve() if link else ROOT / page
        headings = re.findall(r"^#+ (.*)$", other.read_text(), re.MULTILINE)
        assert heading in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}, heading


@pytest.mark.parametrize("page", PAGES)
def test_names_only_make_targets_that_exist(page):
    makefiles = "".join(path.read_text() for path in [ROOT / "Makefile", *ROOT.glob("*/words.mk")])

    for target in re.findall(r"`make ([\w-]+)`", PAGES[page]):
        assert re.search(rf"^{target}:", makefiles, re.MULTILINE), target
