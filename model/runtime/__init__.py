"""Turns rows into predictions, with scikit-learn or ONNX Runtime."""
