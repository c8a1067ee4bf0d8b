"""A model that predicts how many threads the numeric libraries of its process would use."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_info

from model.packaging import save

ASKED = 2.0


class TellsThreads:
    """Predicts the largest number of threads for a row of `ASKED`, zero for every other row."""

    def predict(self, frame: pd.DataFrame) -> list[float]:
        n_threads = max(library["num_threads"] for library in threadpool_info())
        return [float(n_threads) if x == ASKED else 0.0 for x in frame["x"]]


def save_telling(folder: Path) -> None:
    save(TellsThreads(), pd.DataFrame({"x": [0.5, 1.5]}), folder)
