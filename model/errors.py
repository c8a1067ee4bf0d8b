"""The errors that this package raises. People read their messages."""

from __future__ import annotations


class SignatureError(ValueError):
    """No signature can be made from this training frame or manifest."""


class EstimatorError(ValueError):
    """The estimator cannot be packaged, or not with these data."""


class ManifestError(ValueError):
    """The manifest differs from what `Manifest.to_bytes` writes."""


class ArtifactError(ValueError):
    """The artifact must not be served. The message names the file and the reason."""


class BadPrediction(ValueError):
    """The estimator returned the wrong number of rows, NaN, or a label that it was not trained on."""


class EvaluationError(ValueError):
    """The predictions cannot be scored against this target."""


class ArtifactExists(ValueError):
    """The folder already exists."""


class NotObtained(ValueError):
    """The artifact that `model/artifact.toml` names cannot be put in place. The message is for the project's owner."""


class UnusableFile(ValueError):
    """One of the author's files cannot be used. The message names it."""


class ExportError(ValueError):
    """The estimator cannot be exported to ONNX, or the graph does not run."""


def reason(error: Exception) -> str:
    """The error of another library, squeezed onto one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
