"""A model that crashes in native code on request, mounted into a container like the gated model."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model.packaging import save

DEADLY = -86420.75


class Mortal:
    """Predicts zero, except for `DEADLY`: then it reads invalid memory."""

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        if DEADLY in set(frame["x"]):
            ctypes.string_at(0)
        return np.zeros(len(frame))


def save_mortal(folder: Path) -> None:
    save(Mortal(), pd.DataFrame({"x": [0.5, 1.5]}), folder)
