"""The JSON documents of answers with status 200."""

from __future__ import annotations

import orjson

from model.artifact import Model
from model.runtime.prediction import Prediction

JSON = "application/json"

ALIVE = orjson.dumps({"status": "alive"})


def predictions_document(predictions: list[Prediction], model: Model) -> bytes:
    """The answer of `POST /predict`, by orjson: the standard library would write floats differently."""
    served = {"name": model.manifest.name, "version": model.manifest.version}
    return orjson.dumps({"predictions": predictions, "model": served})


def ready_document(model: Model) -> bytes:
    """The answer of `GET /readyz` while the service is ready."""
    return orjson.dumps({"status": "ready", **_example_mark(model)})


def model_document(model: Model) -> bytes:
    """The answer of `GET /model`."""
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
            **_example_mark(model),
        }
    )


def _example_mark(model: Model) -> dict[str, bool]:
    return {"example": True} if model.manifest.example else {}
