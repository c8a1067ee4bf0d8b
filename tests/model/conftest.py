"""Two small artifacts, of a classifier and a regressor, that each test may damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from model.packaging import save

FRAME = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "colour": ["red", "blue", "red", "blue", "red", "blue"]})


@pytest.fixture(scope="session")
def classifier() -> object:
    encoded = make_column_transformer((OneHotEncoder(), ["colour"]), remainder="passthrough")
    labels = ["small", "small", "medium", "medium", "large", "large"]
    return make_pipeline(encoded, LogisticRegression()).fit(FRAME, labels)


@pytest.fixture(scope="session")
def packaged_classifier(classifier: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classifier") / "artifact"
    save(
        *(classifier, FRAME, folder),
        name="sizes",
        version="1.2",
        corrections={"size": {"unit": "cm"}},
        metrics={"accuracy": 0.75},
    )
    return folder


@pytest.fixture(scope="session")
def packaged_regressor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its golden values run from 0 to 1000."""
    folder = tmp_path_factory.mktemp("regressor") / "artifact"
    frame = FRAME[["size"]]
    estimator = LinearRegression().fit(frame, [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0])
    save(estimator, frame, folder, name="prices", version="3")
    return folder


@pytest.fixture
def folder(packaged_classifier: Path, tmp_path: Path) -> Path:
    """The classifier's artifact."""
    return Path(shutil.copytree(packaged_classifier, tmp_path / "artifact"))


@pytest.fixture
def regressor_folder(packaged_regressor: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(packaged_regressor, tmp_path / "regressor"))
