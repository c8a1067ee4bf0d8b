"""The one trained model, from training data to predictions.

Imports between the rooms go down this list and never up; a service imports only the last three:

    packaging, onnx_export, artifact, runtime, schema
"""
