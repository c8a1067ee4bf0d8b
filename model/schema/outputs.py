"""What a model predicts for a row: a value, a label with or without probabilities, or several of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import orjson

from ..errors import ManifestError
from .signature import Value, is_text

Task = Literal["classification", "regression", "outlier_detection", "clustering"]
Array = np.ndarray[Any, np.dtype[Any]]

LABEL_TYPES = (str, bool, int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One of the things that a model predicts for a row.

    Attributes:
        name: None if the model has only one output.
        is_label: whether the output is a label. Otherwise it is a value, a float.
        labels: all labels, of one type and in the order of the probabilities. Empty for values, and for clusters
            without probabilities, whose labels are integers.
        has_probabilities: whether each label comes with a probability.
    """

    name: str | None = None
    is_label: bool = False
    labels: tuple[Value, ...] = ()
    has_probabilities: bool = False

    @property
    def label_type(self) -> type:
        return type(self.labels[0]) if self.labels else int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def outputs_from_json(documents: object) -> tuple[Output, ...]:
    """Raises: ManifestError if they differ from what `Output.to_json` writes."""
    if not isinstance(documents, list) or not documents or not all(map(_is_output, documents)):
        raise ManifestError("has no valid 'outputs'")
    outputs = tuple(Output(**{**document, "labels": tuple(document["labels"])}) for document in documents)
    names = [output.name for output in outputs]
    if names != [None] and not are_names(names):
        raise ManifestError("has no valid 'outputs'")
    return outputs


def name_of(estimator: Any) -> str:
    return type(estimator).__name__


def are_labels(labels: Sequence[object]) -> bool:
    types = {type(label) for label in labels}
    return len(types) == 1 and types <= {*LABEL_TYPES} and all(map(_is_json, labels))


def _is_json(label: object) -> bool:
    try:
        return orjson.dumps(label) != b"null"  # orjson writes null for NaN and infinity
    except orjson.JSONEncodeError:  # a lone surrogate, or more than 64 bits
        return False


def are_names(names: Sequence[object]) -> bool:
    return all(is_text(name) and name for name in names) and len(set(names)) == len(names)


def _is_output(document: object) -> bool:
    if not isinstance(document, dict) or document.keys() != set(Output.__slots__):
        return False
    labels, has_probabilities = document["labels"], document["has_probabilities"]
    return (
        isinstance(labels, list)
        and (not labels or are_labels(labels))
        and isinstance(document["is_label"], bool)
        and isinstance(has_probabilities, bool)
        and (document["is_label"] or not labels)
        and (len(labels) > 0 or not has_probabilities)
    )
