"""A loaded estimator runs single-threaded, however many jobs it was trained with."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor, VotingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.artifact import Model, load
from model.packaging import save

FRAME = pd.DataFrame({"x": np.arange(20.0)})
VALUES = FRAME["x"] ** 2

FORESTS = {
    "itself": lambda forest: forest,
    "the step of a pipeline": lambda forest: make_pipeline(StandardScaler(), forest),
    "one of an ensemble": lambda forest: VotingRegressor([("a", forest), ("b", forest)], n_jobs=2),
    "what a search has found": lambda forest: GridSearchCV(forest, {"max_depth": [2]}, cv=2),
    "frozen": lambda forest: FrozenEstimator(forest.fit(FRAME, VALUES)),
    "an author's own": lambda forest: Held(forest),
}


class Held:
    """Keeps its estimators in an attribute that scikit-learn does not use."""

    def __init__(self, estimator: Any) -> None:
        self.by_name = {"one": (estimator,)}

    def fit(self, frame: pd.DataFrame, values: Any) -> Held:
        self.feature_names_in_ = frame.columns.to_numpy(dtype=object)
        self.by_name["one"][0].fit(frame, values)
        return self

    def predict(self, frame: pd.DataFrame) -> Any:
        return self.by_name["one"][0].predict(frame)


def n_threads_started_by(model: Model) -> int:
    started = []
    threading.setprofile(lambda *_: started.append(threading.get_ident()))
    try:
        model.predict([[1.0]])
    finally:
        threading.setprofile(None)
    return len(set(started))


# Each takes seconds, and all are found in the same way.
FEW = ("the step of a pipeline", "an author's own")


@pytest.mark.parametrize(
    "where", [pytest.param(where, marks=() if where in FEW else pytest.mark.slow) for where in FORESTS]
)
def test_predicts_in_the_calling_thread(where, tmp_path):
    estimator = FORESTS[where](RandomForestRegressor(4, n_jobs=2, random_state=0)).fit(FRAME, VALUES)
    save(estimator, FRAME, tmp_path / "artifact")

    model = load(tmp_path / "artifact", runtime="sklearn")

    assert n_threads_started_by(model) == 0
