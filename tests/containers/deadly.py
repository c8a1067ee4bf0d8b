"""A model that crashes in native code when a row tells it to: mounted into a container like a gated one."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model.packaging import save

DEADLY = -86420.75


class Mortal:
    """Zero for every row but `DEADLY`, for which it reads memory that is not its own."""

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        if DEADLY in set(frame["x"]):
            ctypes.string_at(0)
        return np.zeros(len(frame))


def save_mortal(folder: Path) -> None:
    save(Mortal(), pd.DataFrame({"x": [0.5, 1.5]}), folder)
