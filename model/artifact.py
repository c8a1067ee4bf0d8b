"""An artifact on disk: written once in one step, and believed only after every check has passed."""

from __future__ import annotations

import json
import logging
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .compiled import CompiledEstimator
from .errors import ArtifactError, ExportError, ManifestError, reason
from .exchange import exchange
from .importing import make_importable
from .manifest import Manifest, installed_version, manifest_from_bytes, running_libraries, sha256
from .one_job import run_as_one_job
from .parity import PARITY
from .prediction import Prediction, Predictor
from .progress import Progress, silent
from .signature import Row, Signature

MANIFEST, ESTIMATOR, GOLDEN = "manifest.json", "model.joblib", "golden.json"
COMPILED = "model.onnx"  # absent where it did not pass
MODULES = "modules.zip"  # the author's own; absent where the pickle needs none
EXAMPLE = "example.json"  # a request, for curl; nothing here reads it
WRITTEN_BYTES = 2**24  # at a time

# Batched and single predictions differ in the last bits, and so do CPUs (by 2.2e-16 for linear models).
TOLERANCE = 1e-6

Runtime = Literal["auto", "sklearn", "onnx"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded artifact: what it says of itself, and what predicts.

    Attributes:
        digest: SHA-256 of the manifest's bytes, what `SERVE_ARTIFACT_DIGEST` pins.
        runtime: what runs, and why it is that: a sentence without its full stop.
    """

    manifest: Manifest
    digest: str
    runtime: Literal["sklearn", "onnx"]
    reason: str
    predictor: Predictor

    @property
    def signature(self) -> Signature:
        return self.manifest.signature

    def predict(self, rows: list[Row]) -> list[Prediction]:
        return self.predictor.predict(rows)


def write(folder: Path, files: Mapping[str, bytes], progress: Progress = silent) -> None:
    """All files or none: they are written beside `folder`, which they then replace in one step."""
    folder = folder.resolve()  # of a link, what it names is replaced
    fresh = folder.with_name(folder.name + ".new")
    for leftover in (fresh, fresh.with_name(fresh.name + ".aside")):  # of a writer that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    total = sum(map(len, files.values()))
    done = 0
    for name, content in files.items():
        with (fresh / name).open("wb") as file:
            for start in range(0, len(content), WRITTEN_BYTES):
                progress("writing", done + start, total)
                file.write(content[start : start + WRITTEN_BYTES])
        done += len(content)
    progress("writing", total, total)
    if folder.exists():
        exchange(fresh, folder)
        shutil.rmtree(fresh)
    else:
        fresh.rename(folder)


def load(folder: Path, *, digest: str | None = None, any_sklearn: bool = False, runtime: Runtime = "auto") -> Model:
    """Check the artifact and load it, in the order that opens the pickle last; the compiled runtime never opens it.

    Args:
        digest: what the manifest's SHA-256 must be; None takes what a file beside the folder says (`artifact.sha256`
            beside `artifact`, as the images have it), and any manifest where there is none.
        any_sklearn: also load what another version of scikit-learn has trained.
        runtime: "auto" takes the compiled one where there is one that runs.
    Raises: ArtifactError with the first check that failed.
    """
    manifest, manifest_digest = _checked_manifest(folder, digest)
    try:
        contents = {
            file: _checked_content(folder / file, expected)
            for file, expected in manifest.files.items()
            if file != COMPILED
        }
    except ArtifactError:
        if sha256(_read(folder / MANIFEST)) == manifest_digest:
            raise
        return load(folder, digest=digest, any_sklearn=any_sklearn, runtime=runtime)  # it has been replaced meanwhile
    _check_libraries(folder, manifest, any_sklearn)
    why = "it was asked for"
    if runtime != "sklearn":
        try:
            predictor = _compiled(folder, manifest)
            _check_golden(folder / GOLDEN, contents[GOLDEN], predictor, "deviations", PARITY)
            return Model(manifest, manifest_digest, "onnx", manifest.parity.finding, predictor)
        except ArtifactError as error:
            if runtime == "onnx":
                raise
            why = str(error)
        if manifest.parity.passed:
            logger.warning("%s runs on scikit-learn: %s", manifest.name, why)
    if MODULES in contents:
        make_importable(contents[MODULES], folder / MODULES)
    # Not before: what a compiled model does without takes a second to import, and 100 MB.
    from .estimator import FittedEstimator, unpickled

    estimator = unpickled(folder / ESTIMATOR, contents[ESTIMATOR], any_sklearn)
    run_as_one_job(estimator)
    fitted = FittedEstimator(
        estimator, manifest.signature, manifest.outputs, labels_are_likeliest=manifest.labels_are_likeliest
    )
    predictor = Predictor(fitted, manifest.outputs)
    _check_golden(folder / GOLDEN, contents[GOLDEN], predictor, "spreads", TOLERANCE)
    return Model(manifest, manifest_digest, "sklearn", why, predictor)


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
    for library in {**running_libraries(), **manifest.libraries}:
        trained, running = manifest.libraries.get(library), installed_version(library)
        if trained == running:
            continue
        if running is None:
            raise ArtifactError(f"{folder / MANIFEST}: it needs {library} {trained}, which is not installed here")
        if library == "scikit-learn" and not any_sklearn:
            raise ArtifactError(
                f"{folder / MANIFEST}: trained with scikit-learn {trained}, running {running}; "
                "train it again, or allow the difference by SERVE_ALLOW_OTHER_SKLEARN=true"
            )
        logger.warning("%s was trained with %s %s, running %s", manifest.name, library, trained, running)


def _compiled(folder: Path, manifest: Manifest) -> Predictor:
    if not manifest.parity.passed:
        raise ArtifactError(f"{folder} holds no compiled model: {manifest.parity.finding}")
    if COMPILED not in manifest.files:
        raise ArtifactError(f"{folder / MANIFEST} names no {COMPILED}")
    graph = _checked_content(folder / COMPILED, manifest.files[COMPILED])
    try:
        compiled = CompiledEstimator(
            graph, manifest.signature, manifest.outputs, labels_are_likeliest=manifest.labels_are_likeliest
        )
    except ExportError as error:
        raise ArtifactError(f"{folder / COMPILED}: {error}") from error
    return Predictor(compiled, manifest.outputs)


def _check_golden(path: Path, content: bytes, predictor: Predictor, scales: str, tolerance: float) -> None:
    try:
        golden = json.loads(content)
        rows, expected = golden["rows"], golden["predictions"]
        actual = predictor.predict(rows)
        differing = [
            index
            for index, pair in enumerate(zip(expected, actual, strict=True))
            if not agree(*pair, scales=golden[scales], tolerance=tolerance)
        ]
    except Exception as error:  # whatever the estimator or a broken file raises, it must not be served
        raise ArtifactError(f"{path}: the golden rows cannot be predicted: {reason(error)}") from error
    if differing:
        raise ArtifactError(f"{path}: the model predicts golden row {differing[0]} otherwise than when it was packaged")


def agree(
    expected: Prediction, actual: Prediction, *, scales: Sequence[float | None], tolerance: float = TOLERANCE
) -> bool:
    """Same labels, |Δp| <= tolerance, values within the tolerance times the output's scale."""
    if "outputs" in expected:
        pairs = zip(expected["outputs"].values(), actual["outputs"].values(), scales, strict=True)
        return all(agree(*pair, scales=[scale], tolerance=tolerance) for *pair, scale in pairs)
    if expected.keys() != actual.keys() or expected.get("label") != actual.get("label"):
        return False
    if "value" in expected:
        return math.isclose(expected["value"], actual["value"], rel_tol=0, abs_tol=tolerance * (scales[0] or 1.0))
    probabilities, others = expected.get("probabilities", {}), actual.get("probabilities", {})
    return probabilities.keys() == others.keys() and all(
        math.isclose(probabilities[key], others[key], rel_tol=0, abs_tol=tolerance) for key in probabilities
    )
