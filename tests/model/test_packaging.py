"""A fitted estimator and its data become an artifact; one that cannot be served is refused, and nothing is written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from model.artifact import ESTIMATOR, EXAMPLE, GOLDEN, MANIFEST, load
from model.errors import ArtifactExists, EstimatorError
from model.packaging import GOLDEN_ROWS, save

from .conftest import FRAME
from .estimators import Regressor

FILES = [MANIFEST, ESTIMATOR, GOLDEN, EXAMPLE]


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def golden_of(folder: Path) -> Any:
    return json.loads((folder / GOLDEN).read_bytes())


OPEN_AND_PRINT_IMPORTS = """
import sys, joblib
modules = set()
sys.addaudithook(lambda event, details: modules.add(details[0]) if event == "pickle.find_class" else None)
joblib.load(sys.argv[1])
print(*sorted(modules))
"""


def test_lists_every_module_that_opening_its_pickle_imports(folder):
    command = [sys.executable, "-c", OPEN_AND_PRINT_IMPORTS, str(folder / ESTIMATOR)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert list(load(folder).manifest.modules) == printed.split()


def test_has_the_same_digest_when_it_is_saved_again(tmp_path, classifier):
    for attempt in ("first", "second"):
        save(classifier, FRAME, tmp_path / attempt, name="sizes")

    assert load(tmp_path / "first").digest == load(tmp_path / "second").digest


def test_has_another_version_when_the_content_is_another(tmp_path, classifier):
    first = save(classifier, FRAME, tmp_path / "artifact", name="sizes")
    second = save(classifier, FRAME[::-1], tmp_path / "artifact", name="sizes", replace=True)

    assert first.version != second.version


def test_is_named_like_its_folder_where_it_has_no_name(tmp_path, classifier):
    manifest = save(classifier, FRAME, str(tmp_path / "sizes"))

    assert manifest.name == "sizes"
    assert manifest.version.startswith("1-")
    assert load(tmp_path / "sizes").manifest == manifest


def test_keeps_the_predictions_of_its_golden_rows(folder):
    golden = golden_of(folder)

    assert golden["rows"] == FRAME.to_numpy().tolist()
    assert golden["predictions"] == load(folder).predict(golden["rows"])


def test_takes_golden_rows_from_all_over_the_data_and_no_more_than_it_needs(tmp_path):
    frame = pd.DataFrame({"x": range(100)})

    save(DummyRegressor().fit(frame, frame["x"]), frame, tmp_path / "artifact")

    chosen = [x for (x,) in golden_of(tmp_path / "artifact")["rows"]]
    steps = {later - earlier for earlier, later in pairwise(chosen)}
    assert len(chosen) == GOLDEN_ROWS
    assert (chosen[0], chosen[-1], steps) == (0, 99, {6, 7})


def test_makes_the_folders_above_it(tmp_path, classifier):
    folder = tmp_path / "models" / "sizes" / "artifact"

    save(classifier, FRAME, folder)

    assert load(folder).manifest.name == "artifact"


def test_keeps_a_folder_that_exists(folder, classifier):
    before = contents_of(folder.parent)

    with pytest.raises(ArtifactExists) as refused:
        save(classifier, FRAME, folder, version="1.3")

    assert str(refused.value) == f"{folder} exists: it is kept unless you ask to replace it"
    assert contents_of(folder.parent) == before


def test_replaces_an_older_artifact_and_leaves_nothing_else(folder, classifier):
    (folder / "left from before").touch()
    shutil.copytree(folder, folder.with_name(folder.name + ".new"))

    save(classifier, FRAME, folder, version="1.3", replace=True)

    assert load(folder).manifest.version.startswith("1.3-")
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert sorted(contents_of(folder)) == sorted(FILES)


REFUSED = [
    pytest.param(StandardScaler(), "StandardScaler has no predict: there is nothing to serve", id="no predict"),
    pytest.param(
        LinearRegression,
        "LinearRegression is a class: give an instance that is fitted",
        id="a class",
    ),
    pytest.param(LinearRegression(), "LinearRegression is not fitted: call fit first", id="not fitted"),
    pytest.param(
        Regressor([float("nan")] + [1.0] * 5),
        "Regressor predicts NaN or infinity for 1 of 6 rows, first for row 0",
        id="NaN",
    ),
]


@pytest.mark.parametrize(("estimator", "sentence"), REFUSED)
def test_packages_no_estimator_that_cannot_be_served(tmp_path, estimator, sentence):
    with pytest.raises(EstimatorError) as refused:
        save(estimator, FRAME[["size"]], tmp_path / "artifact")

    assert str(refused.value) == sentence
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(("estimator", "sentence"), REFUSED)
def test_keeps_the_older_artifact_when_the_new_one_cannot_be_packaged(folder, estimator, sentence):
    before = contents_of(folder.parent)

    with pytest.raises(EstimatorError, match=sentence):
        save(estimator, FRAME[["size"]], folder, replace=True)

    assert contents_of(folder.parent) == before
