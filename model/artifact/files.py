"""The names of the files in an artifact's folder."""

from __future__ import annotations

MANIFEST, ESTIMATOR, GOLDEN = "manifest.json", "model.joblib", "golden.json"
COMPILED = "model.onnx"  # absent if it did not pass the gate
MODULES = "modules.zip"  # the author's own; absent if the pickle needs none
EXAMPLE = "example.json"  # a request body for curl; no code here reads it
