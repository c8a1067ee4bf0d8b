"""Exports a fitted estimator to ONNX, and checks that the graph predicts the same."""
