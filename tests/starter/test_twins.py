"""With this repository's own answers, a twin renders to exactly the file beside it."""

from __future__ import annotations

import pytest

from starter.questions import read_form

from ..services import ROOT

# Without the packages in `.venv`, and without the file of answers, whose name is a template itself.
PLACES = ("[A-Za-z]*.jinja", ".[a-z]*.jinja", "[a-z]*/**/*.jinja")
TWINS = sorted(path.relative_to(ROOT).as_posix() for place in PLACES for path in ROOT.glob(place))
ITS_OWN = {
    "project_name": "twinserve",
    "description": "One scikit-learn model, served by FastAPI and by Flask under one contract",
    "is_starter": True,
}


def test_there_are_few_twins():
    assert len(TWINS) <= 9


@pytest.mark.parametrize("twin", TWINS)
def test_a_twin_renders_to_the_file_beside_it(twin):
    form = read_form(ROOT)

    rendered = form.rendered((ROOT / twin).read_text(), form.answers(ITS_OWN))

    assert rendered == (ROOT / twin.removesuffix(".jinja")).read_text()
