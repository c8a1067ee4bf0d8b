"""The answers with status 200: what is predicted, and what is served."""

from __future__ import annotations

import orjson

from model.artifact import Model
from model.prediction import Prediction

ALIVE = orjson.dumps({"status": "alive"})
READY = orjson.dumps({"status": "ready"})


def predictions_document(predictions: list[Prediction], served: dict[str, str]) -> bytes:
    """What `POST /predict` answers, by orjson: the standard library writes floats otherwise."""
    return orjson.dumps({"predictions": predictions, "model": served})


def served(model: Model) -> dict[str, str]:
    return {"name": model.manifest.name, "version": model.manifest.version}


def model_document(model: Model) -> bytes:
    """What `GET /model` answers."""
    manifest = model.manifest
    return orjson.dumps(
        {
            "name": manifest.name,
            "version": manifest.version,
            "digest": model.digest,
            "task": manifest.task,
            "outputs": [output.to_json() for output in manifest.outputs],
            "signature": manifest.signature.to_json(),
            "metrics": manifest.metrics,
            "scored_on": manifest.scored_on,
            "libraries": manifest.libraries,
            "runtime": {"name": model.runtime, "reason": model.reason},
        }
    )
