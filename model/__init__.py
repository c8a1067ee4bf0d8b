"""The one trained model, from training data to predictions.

Imports between the rooms go down this list and never up; a service imports none of the first two:

    packaging, onnx_export, artifact, runtime, schema

All may import `errors`, `progress`, `choice` and `atomic_swap`.
"""
