"""Artifacts other than the penguins, each made by a few lines: what the services must serve with nothing edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_wine
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from model.artifact import save
from model.signature import infer_signature


def wine(folder: Path) -> None:
    """Thirteen numbers, one with a slash in its name; integer labels."""
    frame, target = load_wine(return_X_y=True, as_frame=True)
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, target)
    save(estimator, frame, infer_signature(frame), folder, name="wine", version="1")


def diabetes(folder: Path) -> None:
    """Regression."""
    frame, target = load_diabetes(return_X_y=True, as_frame=True)
    save(Ridge().fit(frame, target), frame, infer_signature(frame), folder, name="diabetes", version="1")


def every_kind(folder: Path) -> None:
    """A feature of each kind and of narrow dtypes, nullable and not, with awkward names; labels that are booleans."""
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
            "UInt16": (index % 8).astype("UInt16").where(index % 5 > 0),
            "float32": (index / 9).astype("float32"),
            "Float32": (index / 11).astype("Float32").where(index % 6 > 0),
            "float": index % 12 / 1.0,
            "flag": (index % 5 == 0).astype("int64"),
        }
    )
    corrections: dict[str, dict[str, Any]] = {
        "class": {"minimum": 0, "maximum": 100},
        "mean radius": {"minimum": 0, "maximum": 1234567.5, "unit": "mm"},
        "float": {"kind": "integer", "nullable": True},
        "flag": {"kind": "boolean"},
    }
    numbers = ["mean radius", "a/b~c", "class", "model_config", "json", "__proto__"]
    numbers += ["int8", "uint8", "UInt16", "float32", "Float32", "float", "flag"]
    columns = make_column_transformer(
        (SimpleImputer(), numbers),
        (OneHotEncoder(), ["été", 'a "quoted"\nname']),
        (TfidfVectorizer(), "c0"),
    )
    estimator = make_pipeline(columns, LogisticRegression()).fit(frame, index % 2 == 1)
    save(estimator, frame, infer_signature(frame, corrections), folder, name="every kind", version="1")


OTHERS: dict[str, Callable[[Path], None]] = {"wine": wine, "diabetes": diabetes, "every_kind": every_kind}
