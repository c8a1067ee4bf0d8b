"""An artifact on disk: written once in one step, and believed only after every check has passed."""

from __future__ import annotations

import io
import json
import logging
import math
import pickle
import re
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.exceptions import InconsistentVersionWarning

from .errors import ArtifactError, EstimatorError, ManifestError
from .manifest import Manifest, manifest_from_bytes, running_libraries, sha256
from .prediction import Outputs, Prediction, Predictor, outputs_of
from .signature import Row, Signature, frame_of, rows_of

MANIFEST, ESTIMATOR, GOLDEN = "manifest.json", "model.joblib", "golden.json"
GOLDEN_ROWS = 16

# Batched and single predictions differ in the last bits, and so do CPUs (by 2.2e-16 for linear models).
TOLERANCE = 1e-6

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded artifact: what it says of itself, and what predicts.

    Attributes:
        digest: SHA-256 of the manifest's bytes, what `SERVE_ARTIFACT_DIGEST` pins.
        runtime: what runs, one of the manifest's runtimes.
    """

    manifest: Manifest
    digest: str
    runtime: str
    predictor: Predictor

    @property
    def signature(self) -> Signature:
        return self.manifest.signature

    def predict(self, rows: list[Row]) -> list[Prediction]:
        return self.predictor.predict(rows)


def save(
    estimator: Any,
    frame: pd.DataFrame,
    signature: Signature,
    folder: Path,
    *,
    name: str,
    version: str,
    metrics: Mapping[str, float] | None = None,
) -> Manifest:
    """Write the artifact of a fitted estimator; an older one in `folder` is replaced.

    Args:
        frame: training rows, of which the first become the golden rows.
        metrics: held-out scores, or None where nothing was scored.
    Raises: EstimatorError, BadPrediction; nothing is written then.
    """
    rows = rows_of(frame.head(GOLDEN_ROWS), signature)
    _check_estimator(estimator, frame_of(rows, signature))
    outputs = outputs_of(estimator)
    predictions = Predictor(estimator, signature, outputs).predict(rows)
    spread = _spread(estimator, frame[signature.names], outputs)
    # A plain pickle: `joblib.load` opens it, and what it imports can be told from its bytes alone.
    pickled = pickle.dumps(estimator)
    files = {ESTIMATOR: pickled, GOLDEN: _json({"rows": rows, "predictions": predictions, "spread": spread})}
    manifest = Manifest(
        name=name,
        version=version,
        signature=signature,
        outputs=outputs,
        metrics=metrics,
        libraries=running_libraries(),
        modules=_modules_of(pickled),
        runtimes=("sklearn",),
        files={file: sha256(content) for file, content in files.items()},
    ).with_content_digest()
    _write(folder, {**files, MANIFEST: manifest.to_bytes()})
    return manifest


def load(folder: Path, *, digest: str | None = None, any_sklearn: bool = False) -> Model:
    """Check the artifact and load it, in the order that opens the pickle last.

    Args:
        digest: what the manifest's SHA-256 must be; None takes what a file beside the folder says (`artifact.sha256`
            beside `artifact`, as the images have it), and any manifest where there is none.
        any_sklearn: also load what another version of scikit-learn has trained.
    Raises: ArtifactError with the first check that failed.
    """
    manifest, manifest_digest = _checked_manifest(folder, digest)
    contents = {file: _checked_content(folder / file, expected) for file, expected in manifest.files.items()}
    _check_libraries(folder, manifest, any_sklearn)
    estimator = _unpickled(folder / ESTIMATOR, contents[ESTIMATOR], any_sklearn)
    predictor = Predictor(estimator, manifest.signature, manifest.outputs)
    _check_golden(folder / GOLDEN, contents[GOLDEN], predictor)
    return Model(manifest, manifest_digest, "sklearn", predictor)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from None


def _checked_manifest(folder: Path, pinned: str | None) -> tuple[Manifest, str]:
    path = folder / MANIFEST
    content = _read(path)
    digest = sha256(content)
    pinned = pinned or _pinned_beside(folder)
    if pinned not in (None, digest):
        raise ArtifactError(f"{path} has the SHA-256 {digest}, but {pinned} is pinned")
    try:
        manifest = manifest_from_bytes(content)
    except ManifestError as error:
        raise ArtifactError(f"{path} {error}") from None
    if missing := {ESTIMATOR, GOLDEN} - manifest.files.keys():
        raise ArtifactError(f"{path} names no {' and no '.join(sorted(missing))}")
    return manifest, digest


def _pinned_beside(folder: Path) -> str | None:
    """As `sha256sum artifact/manifest.json > artifact.sha256` writes it."""
    path = folder.parent / f"{folder.name}.sha256"
    if not path.exists():
        return None
    digest = re.match(rb"[0-9a-f]{64}\b", _read(path))
    if not digest:
        raise ArtifactError(f"{path} does not begin with a SHA-256, as sha256sum writes it")
    return digest[0].decode()


def _checked_content(path: Path, expected: str) -> bytes:
    content = _read(path)
    if (actual := sha256(content)) != expected:
        raise ArtifactError(f"{path} is not the file that was packaged: its SHA-256 is {actual}, not {expected}")
    return content


def _check_libraries(folder: Path, manifest: Manifest, any_sklearn: bool) -> None:
    for library, running in running_libraries().items():
        trained = manifest.libraries.get(library)
        if trained == running:
            continue
        if library == "scikit-learn" and not any_sklearn:
            raise ArtifactError(
                f"{folder / MANIFEST}: trained with scikit-learn {trained}, running {running}; "
                "train it again, or allow the difference by SERVE_ALLOW_OTHER_SKLEARN=true"
            )
        logger.warning("%s was trained with %s %s, running %s", manifest.name, library, trained, running)


def _unpickled(path: Path, content: bytes, any_sklearn: bool) -> Any:
    try:
        with warnings.catch_warnings():
            # The manifest's word is checked already; this is the word of each estimator in the pickle.
            warnings.simplefilter("ignore" if any_sklearn else "error", InconsistentVersionWarning)
            return joblib.load(io.BytesIO(content))
    except Exception as error:  # a pickle may raise anything: it is a program
        raise ArtifactError(f"{path} cannot be unpickled: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """On one line, which scikit-learn's own messages are not."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _check_golden(path: Path, content: bytes, predictor: Predictor) -> None:
    try:
        golden = json.loads(content)
        rows, expected = golden["rows"], golden["predictions"]
        actual = predictor.predict(rows)
        differing = [
            index
            for index, pair in enumerate(zip(expected, actual, strict=True))
            if not _agree(*pair, spread=golden["spread"])
        ]
    except Exception as error:  # whatever the estimator or a broken file raises, it must not be served
        raise ArtifactError(f"{path}: the golden rows cannot be predicted: {_reason(error)}") from error
    if differing:
        raise ArtifactError(f"{path}: the model predicts golden row {differing[0]} otherwise than when it was packaged")


def _agree(expected: Prediction, actual: Prediction, *, spread: float) -> bool:
    """Same labels, |Δp| <= 1e-6, values within 1e-6 of their spread over the training rows."""
    if expected.keys() != actual.keys() or expected.get("label") != actual.get("label"):
        return False
    if "value" in expected:
        return math.isclose(expected["value"], actual["value"], rel_tol=0, abs_tol=TOLERANCE * spread)
    probabilities, others = expected.get("probabilities", {}), actual.get("probabilities", {})
    return probabilities.keys() == others.keys() and all(
        math.isclose(probabilities[key], others[key], rel_tol=0, abs_tol=TOLERANCE) for key in probabilities
    )


def _check_estimator(estimator: Any, golden: pd.DataFrame) -> None:
    name = type(estimator).__name__
    if not hasattr(estimator, "predict"):
        raise EstimatorError(f"{name} has no predict: there is nothing to serve")
    if np.ndim(estimator.predict(golden)) > 1:
        raise EstimatorError(f"{name} predicts a table where one column was due: several outputs are not served yet")


def _spread(estimator: Any, frame: pd.DataFrame, outputs: Outputs) -> float | None:
    """Of the values predicted for the training rows, as the target itself is not known here; 1 where all are equal."""
    if outputs.task == "classification":
        return None
    values = np.asarray(estimator.predict(frame), dtype=np.float64)
    return float(np.ptp(values[np.isfinite(values)])) or 1.0


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def _modules_of(pickled: bytes) -> tuple[str, ...]:
    """What unpickling imports names from, recorded by unpickling what the caller already runs."""
    modules: set[str] = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            modules.add(module)
            return super().find_class(module, name)

    Recorder(io.BytesIO(pickled)).load()
    return tuple(sorted(modules))


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """All files or none: they are written beside `folder`, which then takes their place."""
    fresh, stale = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    for leftover in (fresh, stale):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, content in files.items():
        (fresh / name).write_bytes(content)
    if folder.exists():
        folder.rename(stale)
    fresh.rename(folder)
    shutil.rmtree(stale, ignore_errors=True)
