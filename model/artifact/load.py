"""Load an artifact: check everything first, and open the pickle last."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import ArtifactError, ExportError, ManifestError
from ..runtime.one_job import run_as_one_job
from ..runtime.onnx import CompiledEstimator
from ..runtime.prediction import Prediction, Predictor
from ..schema.signature import Row, Signature
from .carried_modules import make_importable
from .files import COMPILED, ESTIMATOR, GOLDEN, MANIFEST, MODULES
from .golden import TOLERANCE, check_golden
from .manifest import Manifest, installed_version, manifest_from_bytes, running_libraries, sha256
from .parity import PARITY

Runtime = Literal["auto", "sklearn", "onnx"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded artifact, ready to predict.

    Attributes:
        digest: SHA-256 of the manifest's bytes, which `SERVE_ARTIFACT_DIGEST` pins.
        reason: why this runtime was chosen, without a full stop.
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


def load(
    folder: Path, *, digest: str | None = None, allow_other_sklearn: bool = False, runtime: Runtime = "auto"
) -> Model:
    """Check the artifact and load it. The pickle is opened last, and never with the ONNX runtime.

    Args:
        digest: the SHA-256 that the manifest must have. None takes it from a file beside the folder (`artifact.sha256`
            beside `artifact`, as in the images). Without that file, any manifest is accepted.
        allow_other_sklearn: accept an estimator that was trained with another version of scikit-learn.
        runtime: "auto" prefers ONNX if the artifact has a graph that runs here.
    Raises: ArtifactError for the first check that fails.
    """
    manifest, manifest_digest = _checked_manifest(folder, digest)
    try:
        contents = {
            file: _checked_content(folder / file, expected)
            for file, expected in manifest.files.items()
            if file != COMPILED  # checked below, because scikit-learn may replace it
        }
    except ArtifactError:
        if sha256(_read(folder / MANIFEST)) == manifest_digest:
            raise
        # Another artifact has replaced this one while we read it.
        return load(folder, digest=digest, allow_other_sklearn=allow_other_sklearn, runtime=runtime)
    _check_libraries(folder, manifest, allow_other_sklearn)
    why = "it was requested"
    if runtime != "sklearn":
        try:
            predictor = _compiled(folder, manifest)
            check_golden(folder / GOLDEN, contents[GOLDEN], predictor, "deviations", PARITY)
            return Model(manifest, manifest_digest, "onnx", manifest.parity.finding, predictor)
        except ArtifactError as error:
            if runtime == "onnx":
                raise
            why = str(error)
        if manifest.parity.passed:
            logger.warning("%s runs on scikit-learn: %s", manifest.name, why)
    if MODULES in contents:
        make_importable(contents[MODULES], folder / MODULES)
    # Imported late: scikit-learn and pandas take a second and 100 MB, and the ONNX runtime does not need them.
    from ..runtime.sklearn import FittedEstimator, unpickled

    estimator = unpickled(folder / ESTIMATOR, contents[ESTIMATOR], allow_other_sklearn)
    run_as_one_job(estimator)
    fitted = FittedEstimator(
        estimator, manifest.signature, manifest.outputs, labels_are_likeliest=manifest.labels_are_likeliest
    )
    predictor = Predictor(fitted, manifest.outputs)
    check_golden(folder / GOLDEN, contents[GOLDEN], predictor, "spreads", TOLERANCE)
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
        raise ArtifactError(f"{path} does not list {' or '.join(sorted(missing))}")
    return manifest, digest


def _pinned_beside(folder: Path) -> str | None:
    """The digest that `sha256sum artifact/manifest.json > artifact.sha256` wrote, if the file exists."""
    path = folder.parent / f"{folder.name}.sha256"
    if not path.exists():
        return None
    digest = re.match(rb"[0-9a-f]{64}\b", _read(path))
    if not digest:
        raise ArtifactError(f"{path} does not begin with a SHA-256 as sha256sum writes it")
    return digest[0].decode()


def _checked_content(path: Path, expected: str) -> bytes:
    content = _read(path)
    if (actual := sha256(content)) != expected:
        raise ArtifactError(f"{path} is not the file that was packaged: its SHA-256 is {actual}, not {expected}")
    return content


def _check_libraries(folder: Path, manifest: Manifest, allow_other_sklearn: bool) -> None:
    for library in {**running_libraries(), **manifest.libraries}:
        trained, running = manifest.libraries.get(library), installed_version(library)
        if trained == running:
            continue
        if running is None:
            raise ArtifactError(f"{folder / MANIFEST}: it needs {library} {trained}, which is not installed")
        if library == "scikit-learn" and not allow_other_sklearn:
            raise ArtifactError(
                f"{folder / MANIFEST}: trained with scikit-learn {trained}, running {running}; "
                "train it again, or allow the difference with SERVE_ALLOW_OTHER_SKLEARN=true"
            )
        logger.warning("%s was trained with %s %s, running %s", manifest.name, library, trained, running)


def _compiled(folder: Path, manifest: Manifest) -> Predictor:
    if not manifest.parity.passed:
        raise ArtifactError(f"{folder} contains no compiled model: {manifest.parity.finding}")
    if COMPILED not in manifest.files:
        raise ArtifactError(f"{folder / MANIFEST} does not list {COMPILED}")
    graph = _checked_content(folder / COMPILED, manifest.files[COMPILED])
    try:
        compiled = CompiledEstimator(
            graph, manifest.signature, manifest.outputs, labels_are_likeliest=manifest.labels_are_likeliest
        )
    except ExportError as error:
        raise ArtifactError(f"{folder / COMPILED}: {error}") from error
    return Predictor(compiled, manifest.outputs)
