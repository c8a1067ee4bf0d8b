"""The answers that say what is served, written once at the start."""

from __future__ import annotations

import orjson

from model.artifact import Model

ALIVE = orjson.dumps({"status": "alive"})
READY = orjson.dumps({"status": "ready"})


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
