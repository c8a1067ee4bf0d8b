"""The models that are measured, their requests, and the expected answers."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from model.artifact import Model, load
from model.artifact.files import GOLDEN
from model.packaging import save
from model.runtime.prediction import Prediction
from model.schema.signature import Row
from serve_core.settings import Settings, variable

from .load import Outcome

# A compiled runtime may differ from scikit-learn by this much; batches differ from single rows by less.
TOLERANCE = 1e-5


def train_penguins(folder: Path) -> None:
    """Trains the penguins as `make model` does."""
    subprocess.run([sys.executable, "-m", "model.train", folder], check=True, stdout=subprocess.DEVNULL)


def train_forest(folder: Path) -> None:
    """100 trees on 30 numbers of an array."""
    array, target = load_breast_cancer(return_X_y=True)
    save(RandomForestClassifier(100, random_state=0).fit(array, target), array, folder, name="forest")


def train_boosting(folder: Path) -> None:
    """100 iterations on numbers, a boolean and a category, without preprocessing."""
    frame, target = load_wine(return_X_y=True, as_frame=True)
    strength = pd.cut(frame["alcohol"], 3, labels=["light", "medium", "strong"]).astype(str).astype("category")
    frame = frame.assign(strength=strength, pale=frame["hue"] > 1)
    estimator = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    save(estimator.fit(frame, target), frame, folder, name="boosting")


def train_heavy(folder: Path) -> None:
    """Enough trees for 20 ms per call on scikit-learn, whatever the number of rows."""
    frame, target = load_wine(return_X_y=True, as_frame=True)
    save(RandomForestClassifier(700, random_state=0).fit(frame, target), frame, folder, name="heavy")


MODELS: Mapping[str, Callable[[Path], None]] = {
    "penguins": train_penguins,
    "forest": train_forest,
    "boosting": train_boosting,
    "heavy": train_heavy,
}


@dataclass(frozen=True)
class Requests:
    """Requests with the same number of rows each.

    Attributes:
        answers: the expected predictions, which the model made without a service.
    """

    model: Model
    rows: list[list[Row]]
    payloads: list[bytes]
    answers: list[list[Prediction]]

    def call(self, seconds: float) -> Outcome:
        """Predicts and encodes in this process: the minimum for an answer."""
        served = {"name": self.model.manifest.name, "version": self.model.manifest.version}
        outcome = Outcome()
        started_s = finished_s = perf_counter()
        for rows in cycle(self.rows):
            called_s = finished_s
            orjson.dumps({"predictions": self.model.predict(rows), "model": served})
            finished_s = perf_counter()
            outcome.waits_s.append(finished_s - called_s)
            if finished_s - started_s > seconds:
                break
        outcome.seconds = finished_s - started_s
        return outcome


class Subject:
    """An artifact, and requests for it.

    Attributes:
        requests: by the number of rows in each. They are made of the golden rows, and each begins with another one.
    """

    def __init__(self, artifact: Path, n_rows: Iterable[int]) -> None:
        self.artifact = artifact
        self.model = load(artifact)
        self._golden: list[Row] = json.loads((artifact / GOLDEN).read_bytes())["rows"]
        self.requests = {n: self._requests(n) for n in n_rows}

    @property
    def limits(self) -> dict[str, str]:
        """Settings of a service that would refuse some of these requests as too large by default."""
        longest = max(len(payload) for each in self.requests.values() for payload in each.payloads)
        return {variable("max_body_bytes"): str(longest)} if longest > Settings().max_body_bytes else {}

    def _requests(self, n_rows: int) -> Requests:
        names, golden = self.model.signature.names, self._golden
        rows = [[golden[(first + i) % len(golden)] for i in range(n_rows)] for first in range(len(golden))]
        instances = [[dict(zip(names, row, strict=True)) for row in of_request] for of_request in rows]
        payloads = [orjson.dumps({"instances": of_request}) for of_request in instances]
        return Requests(self.model, rows, payloads, [self.model.predict(of_request) for of_request in rows])


def faults_of(outcome: Outcome, expected: list[list[Prediction]] | None) -> Counter[str]:
    """The number of wrong answers, by what was wrong.

    Args:
        expected: by payload; None if every answer must be the same.
    """
    faults = Counter({"connection broken": outcome.n_broken, "no answer": outcome.n_unanswered})
    usual = max(outcome.answers, key=lambda each: outcome.answers[each], default=(0, 0, b""))[2]
    for (payload, status, body), count in outcome.answers.items():
        if status != HTTPStatus.OK:
            faults[f"status {status}"] += count
        elif not (body == usual if expected is None else is_answer(body, expected[payload])):
            faults["another answer"] += count
    return +faults


def labels_of(answers: list[list[Prediction]]) -> list[list[Prediction]]:
    """The predictions without their probabilities."""
    return [[{"label": each["label"]} for each in of_request] for of_request in answers]


def is_answer(body: bytes, expected: list[Prediction]) -> bool:
    """Whether the body contains these predictions, within the tolerance of runtimes and batches."""
    try:
        return _alike(orjson.loads(body)["predictions"], expected)
    except (ValueError, TypeError, KeyError):
        return False


def _alike(answered: Any, expected: Any) -> bool:
    if isinstance(expected, float):
        is_number = isinstance(answered, int | float)
        return is_number and math.isclose(answered, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if type(answered) is not type(expected):
        return False
    if isinstance(expected, dict):
        return answered.keys() == expected.keys() and all(_alike(answered[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(answered) == len(expected) and all(map(_alike, answered, expected))
    return bool(answered == expected)
