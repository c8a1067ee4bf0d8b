"""A custom transformer that imports another own module."""

from __future__ import annotations

from typing import Any

import pandas as pd
from safe import quotient
from sklearn.base import BaseEstimator, TransformerMixin


class Ratio(TransformerMixin, BaseEstimator):
    """Adds one column divided by another."""

    def __init__(self, over: str, under: str) -> None:
        self.over = over
        self.under = under

    def fit(self, X: pd.DataFrame, y: Any = None) -> Ratio:  # noqa: ARG002, N803
        self.feature_names_in_ = X.columns.to_numpy(dtype=object)
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        return X.assign(ratio=quotient(X[self.over], X[self.under]))
