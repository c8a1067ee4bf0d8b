"""A project is small."""

from __future__ import annotations

import pytest

from starter.counts import CHOICES, counts_of

from ..services import ROOT


@pytest.mark.parametrize(
    "answers", [each for each in CHOICES if each["compare"] == "no"], ids=lambda each: each["backend"]
)
def test_a_project_has_fewer_than_3000_lines_of_tests(answers):
    assert counts_of(ROOT, answers).lines_of_tests < 3000
