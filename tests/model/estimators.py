"""Tiny estimators that return what the test gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


class Regressor:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def predict(self, _frame: pd.DataFrame) -> Any:
        return self.answer


class Classifier(Regressor):
    def __init__(self, classes: list[Any], answer: Any) -> None:
        super().__init__(answer)
        self.classes_ = np.array(classes)


class ProbabilisticClassifier(Classifier):
    def __init__(self, classes: list[Any], answer: Any, probabilities: Any) -> None:
        super().__init__(classes, answer)
        self.probabilities = probabilities

    def predict_proba(self, _frame: pd.DataFrame) -> Any:
        return self.probabilities


class CountingRegressor(Regressor):
    """Records the number of columns but not their names, as many custom steps do."""

    def fit(self, frame: pd.DataFrame) -> CountingRegressor:
        self.n_features_in_ = frame.shape[1]
        return self

    def predict(self, frame: pd.DataFrame) -> Any:
        return [*frame["width"]]


class RaisingRegressor(Regressor):
    def predict(self, _frame: pd.DataFrame) -> Any:
        raise OSError("no\n  luck")


class IndexRegressor(Regressor):
    """Predicts the index, which no client can send."""

    def predict(self, frame: pd.DataFrame) -> Any:
        return frame.index.to_numpy(dtype=float)


class UnpicklableRegressor(Regressor):
    def __reduce__(self) -> Any:
        raise TypeError("it holds a lock")


class UnopenableRegressor(Regressor):
    def __reduce__(self) -> Any:
        return int, ("no number",)


class CatBoostLike(Regressor):
    """Has the attributes of a regressor of CatBoost that was unpickled: no labels, and no number of features."""

    n_features_in_ = 0

    def __init__(self, answer: Any, names: list[str]) -> None:
        super().__init__(answer)
        self.classes_: Any = np.array([])
        self.feature_names_ = names


class CategoryRegressor(Regressor):
    """Fails on strings, but predicts pandas categories, as LightGBM does."""

    def predict(self, frame: pd.DataFrame) -> Any:
        return frame["colour"].cat.codes.astype(float)
