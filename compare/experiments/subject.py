"""The small model of the experiments, with all kinds of features: the results do not depend on the reader's model."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from model.packaging import save
from model.packaging.infer_signature import infer_signature
from model.schema.signature import Signature

INSTANCE = {"mass_kg": 4.5, "legs": 4, "tame": True, "kind": "cat"}


@cache
def training() -> tuple[Any, pd.DataFrame]:
    """A fitted pipeline and its data: a number that may be missing, an integer, a boolean, a category."""
    frame = pd.DataFrame(
        {
            "mass_kg": [0.1, 4.5, None, 30.0] * 20,
            "legs": [2, 4, 6, 4] * 20,
            "tame": [True, True, False, True] * 20,
            "kind": ["bird", "cat", "ant", "dog"] * 20,
        }
    )
    columns = make_column_transformer(
        (SimpleImputer(), ["mass_kg", "legs", "tame"]), (OneHotEncoder(handle_unknown="ignore"), ["kind"])
    )
    estimator = make_pipeline(columns, DecisionTreeClassifier(max_depth=2, random_state=0))
    return estimator.fit(frame, ["small", "small", "small", "large"] * 20), frame


def signature() -> Signature:
    return infer_signature(training()[1])


def save_artifact(folder: Path) -> None:
    save(*training(), folder, name="animals")
