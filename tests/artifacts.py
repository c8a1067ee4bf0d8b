"""Artifacts other than the penguins, each packaged by a few lines: what the services must serve with nothing edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
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

from model.packaging import save


def wine(folder: Path) -> None:
    """Thirteen numbers, one with a slash in its name; integer labels."""
    frame, target = load_wine(return_X_y=True, as_frame=True)
    save(make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, target), frame, folder, target)


def diabetes(folder: Path) -> None:
    """Regression."""
    frame, target = load_diabetes(return_X_y=True, as_frame=True)
    save(Ridge().fit(frame, target), frame, folder, target)


def breast_cancer(folder: Path) -> None:
    """Binary, names with spaces, boolean labels; a tuned threshold, so that the label is not always the likeliest."""
    frame, target = load_breast_cancer(return_X_y=True, as_frame=True)
    classifier = make_pipeline(StandardScaler(), LogisticRegression())
    estimator = TunedThresholdClassifierCV(classifier, scoring="recall", cv=2).fit(frame, target == 0)
    save(estimator, frame, folder, target == 0)


def digits(folder: Path) -> None:
    """Fitted on an array of 64 columns."""
    array, target = load_digits(return_X_y=True)
    save(RandomForestClassifier(10, random_state=0).fit(array, target), array, folder, target)


def sentiment(folder: Path) -> None:
    """Fitted on a sequence of strings."""
    texts = [f"{word} {index}" for index in range(40) for word in ("good", "schön", "bad", "übel")]
    labels = ["positive", "positive", "negative", "negative"] * 40
    save(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels), texts, folder, labels)


def linnerud(folder: Path) -> None:
    """Three values, with the names of the target's columns."""
    frame, target = load_linnerud(return_X_y=True, as_frame=True)
    save(LinearRegression().fit(frame, target), frame, folder, target)


def two_labels(folder: Path) -> None:
    """Two labels of different types, with probabilities; their names need escapes."""
    frame, kind = load_wine(return_X_y=True, as_frame=True)
    target = pd.DataFrame({'a/"b"': kind, "__proto__": (frame["alcohol"] > 13).astype(int)})
    save(DecisionTreeClassifier(max_depth=3).fit(frame, target), frame, folder, target)


def three_flags(folder: Path) -> None:
    """Of each of three labels, whether it applies; their probabilities come as one table."""
    frame, kind = load_wine(return_X_y=True, as_frame=True)
    flags = np.column_stack([kind == 0, frame["alcohol"] > 13, frame["hue"] > 1]).astype(int)
    chain = ClassifierChain(DecisionTreeClassifier(max_depth=3, random_state=0)).fit(frame, flags)
    save(chain, frame, folder, flags)


def mixed_columns(folder: Path) -> None:
    """Numbers, integers, booleans, strings and texts as a CSV brings them, any of which may be missing."""
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
    save(make_pipeline(columns, Ridge()).fit(frame, target), frame, folder, target)


def boosted_trees(folder: Path) -> None:
    """Pandas' own dtypes, of which any may be missing, handed to the trees as they are; labels that are floats."""
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
    save(estimator.fit(frame, target), frame, folder, target)


def linear_svc(folder: Path) -> None:
    """Labels without probabilities, in more than ASCII."""
    frame, target = load_wine(return_X_y=True, as_frame=True)
    labels = target.map({0: "rot", 1: "weiß", 2: "\U0001f377"})
    save(make_pipeline(StandardScaler(), LinearSVC()).fit(frame, labels), frame, folder, labels)


def outliers(folder: Path) -> None:
    """1 and -1."""
    frame = load_wine(as_frame=True).data
    save(IsolationForest(n_estimators=10, random_state=0).fit(frame), frame, folder)


def clusters(folder: Path) -> None:
    """Numbers of clusters, of which the signature says no more than that they are integers."""
    frame = load_wine(as_frame=True).data
    save(make_pipeline(StandardScaler(), KMeans(3, random_state=0)).fit(frame), frame, folder)


def mixture(folder: Path) -> None:
    """Clusters with probabilities."""
    frame = load_wine(as_frame=True).data[["alcohol", "hue"]]
    save(GaussianMixture(2, random_state=0).fit(frame), frame, folder)


def one_column(folder: Path) -> None:
    array = np.arange(20.0).reshape(-1, 1)
    save(LinearRegression().fit(array, array[:, 0] ** 2), array, folder, array[:, 0] ** 2)


def thousand_columns(folder: Path) -> None:
    array = np.random.default_rng(0).normal(size=(50, 1000))
    save(Ridge().fit(array, array[:, 0]), array, folder, array[:, 0])


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
    save(estimator, frame, folder, name="every kind", corrections=corrections)


OTHERS: dict[str, Callable[[Path], None]] = {
    each.__name__: each
    for each in (
        *(wine, diabetes, breast_cancer, digits, sentiment, linnerud, two_labels, three_flags, mixed_columns),
        *(boosted_trees, linear_svc, outliers, clusters, mixture, one_column, thousand_columns, every_kind),
    )
}
