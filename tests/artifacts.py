"""Artifacts besides the penguins, each packaged in a few lines: the services must serve them without changes."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_linnerud, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from .services import ROOT

# Modules of an author, importable only where a model is packaged.
OWN = Path(__file__).parent / "own"

# Dtypes that a CSV shows; others are passed to the command.
CSV_DTYPES = {"float64", "int64", "bool", "str", "object"}

OTHERS: dict[str, Callable[[Path], str]] = {}

# Together they cover every kind of feature, several types of labels, with and without probabilities, several outputs.
FEW = ("served", "every_kind", "two_labels", "linear_svc")

FILES = tempfile.TemporaryDirectory()


@dataclass(frozen=True)
class Training:
    """A fitted estimator and its training data, as an author has them."""

    estimator: Any
    X: Any
    y: Any = None
    corrections: dict[str, dict[str, Any]] = field(default_factory=dict)


def packaged(train: Callable[[], Training]) -> Callable[[Path], str]:
    """Packages an author's files into a folder with the command, and returns its output."""

    @cache
    def packaged_once() -> tuple[Path, str]:
        files = Path(tempfile.mkdtemp(dir=FILES.name))
        run = subprocess.run(
            [
                *(sys.executable, "-m", "model.packaging", *_written(train(), files)),
                *("--name", train.__name__, "--into", files / "artifact"),
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(OWN)},
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        return files / "artifact", run.stdout

    def package(folder: Path) -> str:
        artifact, printed = packaged_once()
        shutil.copytree(artifact, folder)
        return printed

    OTHERS[train.__name__] = package
    return package


def _written(training: Training, folder: Path) -> list[str | Path]:
    """Writes the files; returns the options that name them."""
    joblib.dump(training.estimator, folder / "model.joblib")
    X = training.X if isinstance(training.X, pd.DataFrame) else pd.DataFrame(training.X)  # noqa: N806
    X = X.rename(columns=lambda name: f"x{name}" if isinstance(name, int) else name)  # noqa: N806
    target = pd.DataFrame() if training.y is None else pd.DataFrame(training.y)
    target = target.rename(columns=lambda name: f"target {name}" if isinstance(name, int) or name in X else name)
    pd.concat([X, target], axis="columns").to_csv(folder / "data.csv", index=False)
    dtypes = {name: {"dtype": str(dtype)} for name, dtype in X.dtypes.items() if str(dtype) not in CSV_DTYPES}
    corrections = {str(name): dtypes.get(name, {}) | training.corrections.get(str(name), {}) for name in X}
    (folder / "corrections.toml").write_text("\n".join(_toml(*each) for each in corrections.items()))
    options = [folder / "model.joblib", "--data", folder / "data.csv", "--corrections", folder / "corrections.toml"]
    return [*options, *(["--target", *target.columns] if len(target) else [])]


def _toml(name: str, fields: dict[str, Any]) -> str:
    return "\n".join([f"[{json.dumps(name)}]", *(f"{key} = {json.dumps(value)}" for key, value in fields.items())])


def package(name: str, folder: Path) -> None:
    """Package one of `OTHERS`, or "served": the artifact of `make serve`."""
    if name == "served":
        shutil.copytree(_served(), folder)
    else:
        OTHERS[name](folder)


@cache
def _served() -> Path:
    here = ROOT / "artifact"
    served = here if here.exists() else Path(FILES.name) / "obtained"
    run = subprocess.run([sys.executable, "-m", "model.obtain", served], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return served


def is_recorded(artifact: Path) -> bool:
    """Whether to record coverage for its services; the services of other artifacts run the same lines."""
    return artifact.name not in OTHERS or artifact.name == "every_kind"


@packaged
def wine() -> Training:
    """Thirteen numbers, one with a slash in its name; integer labels."""
    frame, target = load_wine(return_X_y=True, as_frame=True)
    return Training(make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, target), frame, target)


@packaged
def diabetes() -> Training:
    """Regression."""
    frame, target = load_diabetes(return_X_y=True, as_frame=True)
    return Training(Ridge().fit(frame, target), frame, target)


@packaged
def breast_cancer() -> Training:
    """Boolean labels, names with spaces; a tuned threshold, so the label is not always the likeliest."""
    frame, target = load_breast_cancer(return_X_y=True, as_frame=True)
    classifier = make_pipeline(StandardScaler(), LogisticRegression())
    estimator = TunedThresholdClassifierCV(classifier, scoring="recall", cv=2).fit(frame, target == 0)
    return Training(estimator, frame, target == 0)


@packaged
def digits() -> Training:
    """Fitted on an array of 64 columns."""
    array, target = load_digits(return_X_y=True)
    return Training(RandomForestClassifier(10, random_state=0).fit(array, target), array, target)


@packaged
def sentiment() -> Training:
    """Fitted on a sequence of strings."""
    texts = [f"{word} {index}" for index in range(40) for word in ("good", "schön", "bad", "übel")]
    labels = ["positive", "positive", "negative", "negative"] * 40
    return Training(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels), texts, labels)


@packaged
def linnerud() -> Training:
    """Three values, with the names of the target's columns."""
    frame, target = load_linnerud(return_X_y=True, as_frame=True)
    return Training(LinearRegression().fit(frame, target), frame, target)


@packaged
def two_labels() -> Training:
    """Two labels of different types, with probabilities; their names need escapes."""
    frame, kind = load_wine(return_X_y=True, as_frame=True)
    target = pd.DataFrame({'a/"b"': kind, "__proto__": (frame["alcohol"] > 13).astype(int)})
    return Training(DecisionTreeClassifier(max_depth=3).fit(frame, target), frame, target)


@packaged
def three_flags() -> Training:
    """Three labels, each of which applies or not; their probabilities come as one table."""
    frame, kind = load_wine(return_X_y=True, as_frame=True)
    flags = np.column_stack([kind == 0, frame["alcohol"] > 13, frame["hue"] > 1]).astype(int)
    chain = ClassifierChain(DecisionTreeClassifier(max_depth=3, random_state=0)).fit(frame, flags)
    return Training(chain, frame, flags)


@packaged
def mixed_columns() -> Training:
    """Numbers, integers, booleans, strings and texts as in a CSV, any of which may be missing."""
    index = pd.RangeIndex(200).to_series()
    frame = pd.DataFrame(
        {
            "income": (index * 13 % 71 / 7).where(index % 9 > 0),
            "children": (index % 4).astype("Int64").where(index % 7 > 0),
            "owner": (index % 2 == 0).astype(object).where(index % 5 > 0),
            "region": index.map(lambda i: ["north", "south", None][i % 3]),
        }
    )
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["income", "children"]),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["owner", "region"]),
    )
    target = frame["income"].fillna(3) * 2 + index % 3
    return Training(make_pipeline(columns, Ridge()).fit(frame, target), frame, target)


@packaged
def boosted_trees() -> Training:
    """Nullable pandas dtypes, passed to the trees unchanged; labels that are floats."""
    index = pd.RangeIndex(200).to_series()
    frame = pd.DataFrame(
        {
            "rooms": (index % 6).astype("Int32").where(index % 9 > 0),
            "area": (index * 7 % 31 / 3).astype("Float64").where(index % 8 > 0),
            "has lift": (index % 2 == 0).astype("boolean").where(index % 5 > 0),
            "district": pd.Categorical(index.map(lambda i: ["Mitte", "Süd", None][i % 3])),
        }
    )
    estimator = HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype")
    target = index % 3 / 1.0
    return Training(estimator.fit(frame, target), frame, target)


@packaged
def linear_svc() -> Training:
    """Labels without probabilities, with characters beyond ASCII."""
    frame, target = load_wine(return_X_y=True, as_frame=True)
    labels = target.map({0: "rot", 1: "weiß", 2: "\U0001f377"})
    return Training(make_pipeline(StandardScaler(), LinearSVC()).fit(frame, labels), frame, labels)


@packaged
def outliers() -> Training:
    """The labels 1 and -1."""
    frame = load_wine(as_frame=True).data
    return Training(IsolationForest(n_estimators=10, random_state=0).fit(frame), frame)


@packaged
def clusters() -> Training:
    """Cluster numbers; the manifest only says that they are integers."""
    frame = load_wine(as_frame=True).data
    return Training(make_pipeline(StandardScaler(), KMeans(3, random_state=0)).fit(frame), frame)


@packaged
def mixture() -> Training:
    """Clusters with probabilities."""
    frame = load_wine(as_frame=True).data[["alcohol", "hue"]]
    return Training(GaussianMixture(2, random_state=0).fit(frame), frame)


@packaged
def one_column() -> Training:
    array = np.arange(20.0).reshape(-1, 1)
    return Training(LinearRegression().fit(array, array[:, 0] ** 2), array, array[:, 0] ** 2)


@packaged
def thousand_columns() -> Training:
    array = np.random.default_rng(0).normal(size=(50, 1000))
    return Training(Ridge().fit(array, array[:, 0]), array, array[:, 0])


@packaged
def every_kind() -> Training:
    """Features of every kind and of narrow dtypes, nullable or not, with awkward names; boolean labels."""
    n_rows = 120
    index = pd.RangeIndex(n_rows).to_series()
    frame = pd.DataFrame(
        {
            "mean radius": index / 7,
            "a/b~c": (index / 3).where(index % 5 > 0),
            "class": index % 11,
            "model_config": (index % 4).astype("Int64").where(index % 6 > 0),
            "json": index % 2 == 0,
            "__proto__": pd.Series(index % 3 == 0, dtype="boolean").where(index % 7 > 0),
            "été": pd.Categorical(index.map(lambda i: ["low", "high"][i % 2])),
            'a "quoted"\nname': index.map(lambda i: ["x", "y", None][i % 3]),
            "c0": index.map(lambda i: f"text number {i}"),
            "int8": (index % 9 - 4).astype("int8"),
            "uint8": (index % 9).astype("uint8"),
            "n" * 200: (index % 8).astype("UInt16").where(index % 5 > 0),
            "float32": (index / 9).astype("float32"),
            "Float32": (index / 11).astype("Float32").where(index % 6 > 0),
            "float": index % 12 / 1.0,
            "_x": (index % 5 == 0).astype("int64"),
        }
    )
    corrections: dict[str, dict[str, Any]] = {
        "class": {"minimum": 0, "maximum": 100},
        "mean radius": {"minimum": 0, "maximum": 1234567.5, "unit": "mm"},
        "float": {"kind": "integer", "nullable": True},
        "_x": {"kind": "boolean"},
    }
    numbers = ["mean radius", "a/b~c", "class", "model_config", "json", "__proto__"]
    numbers += ["int8", "uint8", "n" * 200, "float32", "Float32", "float", "_x"]
    columns = make_column_transformer(
        (SimpleImputer(), numbers),
        (OneHotEncoder(), ["été", 'a "quoted"\nname']),
        (TfidfVectorizer(), "c0"),
    )
    estimator = make_pipeline(columns, LogisticRegression()).fit(frame, index % 2 == 1)
    return Training(estimator, frame, corrections=corrections)


@packaged
def own_module() -> Training:
    """A transformer from a module that no image contains."""
    with importable(OWN):
        ratios = importlib.import_module("ratios")
    frame, target = load_diabetes(return_X_y=True, as_frame=True)
    estimator = make_pipeline(ratios.Ratio("bmi", "age"), StandardScaler(), Ridge()).fit(frame, target)
    return Training(estimator, frame, target)


def of_every_model(*few: str) -> pytest.MarkDecorator:
    """Run a test for every model: for the few in `make test`, for the others in `make test-all`."""
    names = [pytest.param(name, marks=() if name in few else pytest.mark.slow) for name in ("served", *OTHERS)]
    return pytest.mark.parametrize("artifact", names, indirect=True, scope="session")


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
