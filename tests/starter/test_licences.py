"""A project has the licence that its owner chose, in the owner's name, or none."""

from __future__ import annotations

import tomllib

import pytest

from starter.origin import Origin
from starter.project import write_project
from starter.questions import read_form

from ..services import ROOT

FIRST_LINES = {
    "MIT": "MIT License",
    "Apache-2.0": "Apache License",
    "BSD-3-Clause": "BSD 3-Clause License",
    "LicenseRef-Proprietary": "Copyright (c) A. Tester. All rights reserved.",
}


def written(folder, **answers):
    form = read_form(ROOT)
    write_project(ROOT, form, form.answers(answers), Origin(str(ROOT), commit=None), folder)
    return tomllib.loads((folder / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("licence", FIRST_LINES)
def test_a_project_has_the_text_of_its_licence(licence, tmp_path):
    declared = written(tmp_path, license=licence, author="A. Tester")

    text = (tmp_path / "LICENSE").read_text()
    assert declared["license"] == licence
    assert text.strip().splitlines()[0] == FIRST_LINES[licence]
    assert ("Copyright (c) A. Tester" in text) == (licence != "Apache-2.0")  # which has the names in the files
    assert "As an exception" not in text


def test_a_project_without_an_author_belongs_to_its_authors(tmp_path):
    written(tmp_path, license="MIT", project_name="Flowers")

    assert "Copyright (c) The Flowers authors\n" in (tmp_path / "LICENSE").read_text()


def test_a_project_has_no_licence_unless_its_owner_chooses_one(tmp_path):
    assert "license" not in written(tmp_path)
    assert not (tmp_path / "LICENSE").exists()
