"""Prints which estimators are served compiled, and the cost of a row in either runtime: `python -m tests.runtimes`."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from model.artifact import Model, load
from model.packaging import save

from . import other_models  # noqa: F401, which registers them
from .artifacts import OTHERS, package

CALLS = 20
CANCER = load_breast_cancer(return_X_y=True, as_frame=True)
DIABETES = load_diabetes(return_X_y=True, as_frame=True)

ESTIMATORS: dict[str, tuple[Any, tuple[pd.DataFrame, Any]]] = {
    "scaled forest of 100": (RandomForestClassifier(random_state=0), CANCER),
    "scaled forest of 100, values": (RandomForestRegressor(random_state=0), DIABETES),
    "scaled extra trees": (ExtraTreesClassifier(random_state=0), CANCER),
    "scaled gradient boosting": (GradientBoostingClassifier(random_state=0), CANCER),
    "scaled gradient boosting, values": (GradientBoostingRegressor(random_state=0), DIABETES),
    "scaled histogram boosting": (HistGradientBoostingClassifier(), CANCER),
    "scaled histogram boosting, values": (HistGradientBoostingRegressor(), DIABETES),
    "scaled AdaBoost": (AdaBoostClassifier(random_state=0), CANCER),
    "scaled SVC": (SVC(), CANCER),
    "scaled SGD": (SGDClassifier(random_state=0), CANCER),
    "scaled neighbours": (KNeighborsClassifier(), CANCER),
    "scaled perceptron": (MLPClassifier((20,), max_iter=2000, random_state=0), CANCER),
    "scaled naive Bayes": (GaussianNB(), CANCER),
    "scaled calibrated forest": (CalibratedClassifierCV(RandomForestClassifier(20, random_state=0)), CANCER),
    "scaled vote": (
        VotingClassifier(
            [("forest", RandomForestClassifier(20, random_state=0)), ("bayes", GaussianNB())], voting="soft"
        ),
        CANCER,
    ),
}


def main() -> None:
    table = Table("model", "runs", "µs a row", "with scikit-learn", "because")
    with tempfile.TemporaryDirectory() as folder:
        for name, into in _artifacts():
            path = Path(folder) / name
            into(path)
            model, interpreted = load(path), load(path, runtime="sklearn")
            because = model.reason.replace(str(path), "it")
            table.add_row(name, model.runtime, f"{_cost_us(model):.0f}", f"{_cost_us(interpreted):.0f}", because)
    Console(width=140).print(table)


def _artifacts() -> list[tuple[str, Callable[[Path], Any]]]:
    def into(name: str) -> Callable[[Path], Any]:
        return lambda path: package(name, path)

    def saved(estimator: Any, frame: pd.DataFrame, target: Any) -> Callable[[Path], Any]:
        return lambda path: save(make_pipeline(StandardScaler(), estimator).fit(frame, target), frame, path, target)

    return [
        *((name, into(name)) for name in ("served", *OTHERS)),
        *((name, saved(estimator, *data)) for name, (estimator, data) in ESTIMATORS.items()),
    ]


def _cost_us(model: Model) -> float:
    """The median CPU time of calls with one row."""
    row = list(model.signature.example.values())

    def call() -> float:
        started = process_time()
        model.predict([row])
        return process_time() - started

    return median(call() for _ in range(CALLS)) * 1e6


if __name__ == "__main__":
    with warnings.catch_warnings(action="ignore"):
        main()
