"""An estimator whose calls take as long as its rows say. Its module travels in the artifact."""

from __future__ import annotations

import time

import pandas as pd


class Slow:
    def predict(self, frame: pd.DataFrame) -> list[float]:
        time.sleep(float(frame["seconds"].max()))
        return [0.0] * len(frame)
