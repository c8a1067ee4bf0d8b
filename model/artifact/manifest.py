"""`manifest.json`, which describes the artifact and is checked before any other file is read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any, get_args

from ..errors import ManifestError, SignatureError
from ..schema.outputs import Output, Task, outputs_from_json
from ..schema.signature import Signature, signature_from_json
from .parity import Parity, parity_from_json

FORMAT = 4
LIBRARIES = ("scikit-learn", "numpy", "pandas", "joblib", "onnxruntime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The manifest's fields.

    Attributes:
        version: the author's string, a dash and the first 12 digits of the content digest.
        example: whether this is the model that the repository trains until another one is packaged.
        metrics: scores by name; None if nothing was scored.
        scored_on: which rows the scores come from; None if nothing was scored.
        libraries: versions at training, by distribution name, and "python".
        modules: the modules from which the pickle imports names, but not the modules that these import.
        parity: the result of comparing the ONNX graph with the estimator.
        labels_are_likeliest: whether `predict` returned the likeliest label for every row that was tried.
        files: SHA-256 of every other file of the artifact, by name.
    """

    name: str
    version: str
    task: Task
    signature: Signature
    outputs: tuple[Output, ...]
    metrics: Mapping[str, float] | None
    scored_on: str | None
    libraries: Mapping[str, str]
    modules: tuple[str, ...]
    parity: Parity
    labels_are_likeliest: bool
    files: Mapping[str, str]
    example: bool = False

    def to_bytes(self) -> bytes:
        document: dict[str, Any] = {
            "format": FORMAT,
            "name": self.name,
            "version": self.version,
            "task": self.task,
            "outputs": [output.to_json() for output in self.outputs],
            "signature": self.signature.to_json(),
            "metrics": dict(self.metrics) if self.metrics is not None else "nothing was scored",
            "scored_on": self.scored_on,
            "libraries": dict(self.libraries),
            "modules": list(self.modules),
            "parity": self.parity.to_json(),
            "labels_are_likeliest": self.labels_are_likeliest,
            "files": dict(self.files),
        }
        if self.example:
            document["example"] = True
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"

    def with_content_digest(self) -> Manifest:
        """A copy whose version ends in the digest of the manifest, which includes the digests of all files."""
        return replace(self, version=f"{self.version}-{sha256(self.to_bytes())[:12]}")

    def has_its_content_digest(self) -> bool:
        try:
            return replace(self, version=self.version.rpartition("-")[0]).with_content_digest() == self
        except ValueError:  # NaN or a lone surrogate: Python reads them from JSON, `to_bytes` never writes them
            return False


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def running_libraries(distributions: Iterable[str] = ()) -> dict[str, str]:
    """The running versions of the libraries that every model needs, and of these distributions."""
    return {"python": python_version(), **{name: version(name) for name in (*LIBRARIES, *distributions)}}


def installed_version(library: str) -> str | None:
    try:
        return python_version() if library == "python" else version(library)
    except PackageNotFoundError:
        return None


def manifest_from_bytes(content: bytes) -> Manifest:
    """Raises: ManifestError for the first field that is missing or has the wrong type."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ManifestError("is not a JSON object")
    if document.get("format") != FORMAT:
        raise ManifestError(f"has the format {document.get('format')!r}, but this code reads {FORMAT}")

    def field(name: str, is_right: bool) -> Any:
        if not is_right:
            raise ManifestError(f"has no valid {name!r}")
        return document[name]

    try:
        signature = signature_from_json(document.get("signature"))
    except SignatureError as error:
        raise ManifestError(f"is invalid: {error}") from None
    metrics = document.get("metrics")
    field("metrics", isinstance(metrics, str) or _is_table_of_numbers(metrics))
    manifest = Manifest(
        name=field("name", isinstance(document.get("name"), str)),
        version=field("version", isinstance(document.get("version"), str)),
        task=field("task", document.get("task") in get_args(Task)),
        signature=signature,
        outputs=outputs_from_json(document.get("outputs")),
        metrics=None if isinstance(metrics, str) else metrics,
        scored_on=field("scored_on", isinstance(document.get("scored_on", 0), str | None)),
        libraries=field("libraries", _is_table_of_strings(document.get("libraries"))),
        modules=tuple(field("modules", _are(str, document.get("modules")))),
        parity=parity_from_json(document.get("parity")),
        labels_are_likeliest=field("labels_are_likeliest", isinstance(document.get("labels_are_likeliest"), bool)),
        files=field("files", _is_table_of_digests(document.get("files"))),
        example="example" in document and field("example", document["example"] is True),
    )
    if not manifest.has_its_content_digest():
        raise ManifestError(
            f"is not the file that was packaged: its content does not match its version {manifest.version!r}"
        )
    return manifest


def _are(kind: Any, values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)


def _is_table_of_numbers(table: object) -> bool:
    return isinstance(table, dict) and all(type(value) in (int, float) for value in table.values())


def _is_table_of_strings(table: object) -> bool:
    return isinstance(table, dict) and all(isinstance(value, str) for value in table.values())


def _is_table_of_digests(table: object) -> bool:
    """Whether all names are file names without a path, so that no file outside the folder is ever read."""
    return isinstance(table, dict) and all(
        re.fullmatch(r"\w[\w.-]*", name) and isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest)
        for name, digest in table.items()
    )
