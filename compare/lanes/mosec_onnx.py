"""The penguins' ONNX graph on mosec. Nothing is validated.

SERVE_ARTIFACT=artifact python -m compare.lanes.mosec_onnx --address 127.0.0.1 --port 8000 --log-level error
"""

import json
import os
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from compare.lanes.mosec_sklearn import Penguins, answers, serve

# The shortest that mosec takes, and the best one under 1 and under 64 connections.
MAX_WAIT_MS = 1


class CompiledPenguins(Penguins):
    def __init__(self) -> None:
        super(Penguins, self).__init__()
        artifact = Path(os.environ["SERVE_ARTIFACT"])
        manifest = json.loads((artifact / "manifest.json").read_bytes())
        # A category is its index in the graph, a null is NaN.
        self.codes = {
            feature["name"]: {None: nan}
            | {category: code for code, category in enumerate(feature.get("categories", []))}
            for feature in manifest["signature"]["features"]
        }
        self.labels = manifest["outputs"][0]["labels"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(artifact / "model.onnx", options)

    def predict(self, instances: list[dict[str, Any]]) -> list[Any]:
        rows = [[codes.get(each[name], each[name]) for name, codes in self.codes.items()] for each in instances]
        [probabilities] = self.session.run(["probabilities"], {"rows": np.array(rows, dtype=float)})
        return answers(self.labels, probabilities)


if __name__ == "__main__":
    serve(CompiledPenguins, MAX_WAIT_MS)
