"""A model that answers when a test allows it, mounted into a container beside the packages of its service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pandas as pd

from model.packaging import save

GATE = Path("/gate")
SIGN = "closed"


class Gated:
    """Predicts zero, but waits while the gate is closed."""

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        while (GATE / SIGN).exists():
            sleep(0.01)
        return np.zeros(len(frame))


@contextmanager
def closed(gate: Path) -> Iterator[None]:
    """
    Args:
        gate: the folder that containers see as `GATE`.
    """
    (gate / SIGN).touch()
    try:
        yield
    finally:
        (gate / SIGN).unlink()


def save_gated(folder: Path) -> None:
    frame = pd.DataFrame({"x": [0.5, 1.5]})
    save(Gated(), frame, folder)
