"""What the model package raises; each message is a sentence for a person."""

from __future__ import annotations


class SignatureError(ValueError):
    """A training frame or a manifest from which no signature can be made."""


class EstimatorError(ValueError):
    """An estimator that cannot be packaged, or not with these data."""


class ManifestError(ValueError):
    """A manifest that is not as `Manifest.to_bytes` writes it."""


class ArtifactError(ValueError):
    """An artifact that must not be served; the message names the file and the reason."""


class BadPrediction(ValueError):
    """The estimator answered with another number of rows, with NaN or with a label it was not trained on."""


class EvaluationError(ValueError):
    """A target that the predictions cannot be compared with."""


class ArtifactExists(ValueError):
    """A folder that would have to be replaced."""


class UnusableFile(ValueError):
    """A file of the author's that cannot be packaged; the message names it."""


class ExportError(ValueError):
    """An estimator that has no ONNX graph, or a graph that does not run."""


def reason(error: Exception) -> str:
    """What another library raised, on one line, which its own messages often are not."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
