"""The penguins' pipeline on mosec, whose HTTP and batching are written in Rust. Nothing is validated.

SERVE_ARTIFACT=artifact python -m compare.lanes.mosec_sklearn --address 127.0.0.1 --port 8000 --log-level error
"""

import os
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import orjson
import pandas as pd
from mosec import Server, Worker

NUMBERS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
CATEGORIES = ("island", "sex")

# As many requests go together as the bench has connections at most. Of 1, 3, 10 and 20 ms that a smaller batch waits,
# 10 took the least CPU time a request under 64 connections.
MAX_BATCH_SIZE = 64
MAX_WAIT_MS = 10


class Penguins(Worker):
    def __init__(self) -> None:
        super().__init__()
        self.estimator = joblib.load(Path(os.environ["SERVE_ARTIFACT"], "model.joblib"))

    def deserialize(self, data: bytes) -> Any:
        return orjson.loads(data)["instances"]

    def forward(self, data: list[list[dict[str, Any]]]) -> list[Any]:
        instances = [instance for of_request in data for instance in of_request]
        predictions = iter(self.predict(instances))
        return [[next(predictions) for _ in of_request] for of_request in data]

    def predict(self, instances: list[dict[str, Any]]) -> list[Any]:
        columns = {name: np.array([each[name] for each in instances], dtype=float) for name in NUMBERS}
        columns |= {name: np.array([each[name] or np.nan for each in instances], dtype=object) for name in CATEGORIES}
        return answers(self.estimator.classes_, self.estimator.predict_proba(pd.DataFrame(columns)))

    def serialize(self, data: Any) -> bytes:
        return orjson.dumps({"predictions": data})


def answers(labels: Any, probabilities: Any) -> list[Any]:
    names = [str(label) for label in labels]
    return [
        {"label": names[likeliest], "probabilities": dict(zip(names, row, strict=True))}
        for likeliest, row in zip(probabilities.argmax(axis=1).tolist(), probabilities.tolist(), strict=True)
    ]


def serve(worker: type[Worker], max_wait_ms: int) -> None:
    server = Server()
    server.append_worker(worker, max_batch_size=MAX_BATCH_SIZE, max_wait_time=max_wait_ms, route="/predict")
    server.run()


if __name__ == "__main__":
    serve(Penguins, MAX_WAIT_MS)
