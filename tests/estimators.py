"""Estimators that misbehave when a test asks them to; the services unpickle them from here."""

from __future__ import annotations

import ctypes
import math
import os
import signal
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from model.packaging import save


class Puppet:
    """A regression on one text feature, `command`, that each row obeys.

    wait <fifo>        the call continues when the FIFO's writer closes it
    raise <words>      the call fails with these words
    raise_loop <words> the same, with an exception that is its own cause
    exit <words>       the call fails with an exception that `except Exception` does not catch
    warn <words>       a Python warning with these words
    nan, twice         NaN; two predictions for one row
    pid                the prediction is the worker's process id
    call               the prediction is the number of this call
    die                the worker is killed
    crash              the worker reads invalid memory, like a bug in native code

    Any other command is answered with 0.
    """

    n_calls = 0

    def predict(self, frame: pd.DataFrame) -> list[float]:
        self.n_calls += 1
        return [value for command in frame["command"] for value in self._obeyed(command)]

    def _obeyed(self, command: str) -> list[float]:
        verb, _, words = command.partition(" ")
        match verb:
            case "wait":
                wait_for(Path(words))
            case "raise":
                raise ValueError(words)
            case "raise_loop":
                error = ValueError(words)
                raise error from error
            case "exit":
                raise SystemExit(words)
            case "warn":
                warnings.warn(words, UserWarning, stacklevel=1)
            case "nan":
                return [math.nan]
            case "twice":
                return [0.0, 0.0]
            case "pid":
                return [float(os.getpid())]
            case "call":
                return [float(self.n_calls)]
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "crash":
                ctypes.string_at(0)
        return [0.0]


class SlowToLoad(Puppet):
    """While its FIFO exists, loading waits until the FIFO's writer closes it."""

    def __init__(self, fifo: Path) -> None:
        self.fifo = fifo

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        wait_for(self.fifo)


class LeavesAMark:
    """Unpickling it creates the folder."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def wait_for(fifo: Path) -> None:
    try:
        fifo.read_bytes()
    except FileNotFoundError:  # the gate was opened for good
        return


def save_puppet(folder: Path, estimator: Puppet | None = None, *, version: str = "1") -> None:
    """Write the artifact of a puppet."""
    frame = pd.DataFrame({"command": ["answer"]})
    corrections = {"command": {"kind": "text"}}
    save(estimator or Puppet(), frame, folder, name="puppet", version=version, corrections=corrections, replace=True)
