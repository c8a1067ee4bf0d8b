"""What the estimator predicts for a row: a value, a label with probabilities or without, or several of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import orjson
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector
from sklearn.utils import get_tags

from .errors import EstimatorError, ManifestError
from .signature import Value, is_text

Task = Literal["classification", "regression", "outlier_detection", "clustering"]
Array = np.ndarray[Any, np.dtype[Any]]

LABEL_TYPES = (str, bool, int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One thing that is predicted for a row.

    Attributes:
        name: None where it is the only one.
        is_label: a label; otherwise a value, a float.
        labels: all there are, of one type and in the order of the probabilities. Empty for values, and for clusters
            without probabilities: their labels are integers.
        has_probabilities: a probability for each label comes with the label.
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


def task_of(estimator: Any) -> Task:
    """As scikit-learn's tags have it; without tags, an estimator with `classes_` is a classifier, others regress."""
    try:
        kind = get_tags(estimator).estimator_type
    except AttributeError:
        kind = None
    if kind and is_outlier_detector(estimator):
        return "outlier_detection"
    if kind == "density_estimator" or (kind and is_clusterer(estimator)):
        return "clustering"
    is_labelled = hasattr(estimator, "classes_") or (kind and is_classifier(estimator))
    return "classification" if is_labelled else "regression"


def outputs_of(
    estimator: Any, predicted: Any, probabilities: Any = None, names: Sequence[str] | None = None
) -> tuple[Output, ...]:
    """What a fitted estimator predicts, told by what it has predicted for a few rows.

    Args:
        predicted: (n_rows,) or (n_rows, n_outputs), what `predict` has answered.
        probabilities: what `predict_proba` has answered, None where there is none.
        names: of the target's columns, which several outputs take; y0, y1, ... where it is None.
    Raises: EstimatorError where JSON has no words for the predictions, or the names do not fit them.
    """
    table = np.asarray(predicted)
    if table.ndim not in (1, 2):
        raise EstimatorError(f"{name_of(estimator)} predicts an array of {table.ndim} dimensions instead of a table")
    n_outputs = table.shape[1] if table.ndim == 2 else 1
    if names is not None and len(names) != n_outputs:
        raise EstimatorError(f"the target's columns are {list(names)}, and {name_of(estimator)} predicts {n_outputs}")
    labels = _labels_of(estimator, table.dtype, probabilities, n_outputs)
    if labels is None:
        outputs = [Output()] * n_outputs
    else:
        outputs = [Output(is_label=True, labels=each, has_probabilities=probabilities is not None) for each in labels]
    if n_outputs == 1:
        return tuple(outputs)
    names = names or [f"y{index}" for index in range(n_outputs)]
    if not _are_names(names):
        raise EstimatorError(f"{n_outputs} outputs need as many different, non-empty names, not {list(names)}")
    return tuple(replace(output, name=name) for output, name in zip(outputs, names, strict=True))


def outputs_from_json(documents: object) -> tuple[Output, ...]:
    """Raises: ManifestError where they are not as `Output.to_json` writes them."""
    if not isinstance(documents, list) or not documents or not all(map(_is_output, documents)):
        raise ManifestError("has no usable 'outputs'")
    outputs = tuple(Output(**{**document, "labels": tuple(document["labels"])}) for document in documents)
    names = [output.name for output in outputs]
    if names != [None] and not _are_names(names):
        raise ManifestError("has no usable 'outputs'")
    return outputs


def name_of(estimator: Any) -> str:
    return type(estimator).__name__


def _labels_of(
    estimator: Any, dtype: np.dtype[Any], probabilities: Any, n_outputs: int
) -> list[tuple[Value, ...]] | None:
    """The labels of each output, or None where values are predicted."""
    match task_of(estimator):
        case "regression":
            if dtype.kind not in "biuf":
                raise EstimatorError(f"{name_of(estimator)} predicts no numbers, and has no classes_ that lists labels")
            return None
        case "outlier_detection":
            return [(-1, 1)]
        case "clustering":
            return [() if probabilities is None else tuple(range(np.shape(probabilities)[1]))]
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        raise EstimatorError(f"{name_of(estimator)} is a classifier, and has no classes_ that lists labels")
    if n_outputs == 1:
        return [_checked_labels(estimator, classes)]
    if np.ndim(classes[0]) == 0:  # each class applies to a row or does not
        return [(0, 1)] * n_outputs
    return [_checked_labels(estimator, each) for each in classes]


def _checked_labels(estimator: Any, classes: Any) -> tuple[Value, ...]:
    labels = tuple(label.item() if isinstance(label, np.generic) else label for label in classes)
    if not _are_labels(labels):
        raise EstimatorError(
            f"{name_of(estimator)} has labels that are not all strings, all integers, all booleans or all finite floats"
        )
    return labels


def _are_labels(labels: Sequence[object]) -> bool:
    types = {type(label) for label in labels}
    return len(types) == 1 and types <= {*LABEL_TYPES} and all(map(_is_json, labels))


def _is_json(label: object) -> bool:
    try:
        return orjson.dumps(label) != b"null"  # which stands for NaN and infinity
    except orjson.JSONEncodeError:  # half of a surrogate pair, more than 64 bits
        return False


def _are_names(names: Sequence[object]) -> bool:
    return all(is_text(name) and name for name in names) and len(set(names)) == len(names)


def _is_output(document: object) -> bool:
    if not isinstance(document, dict) or document.keys() != set(Output.__slots__):
        return False
    labels, has_probabilities = document["labels"], document["has_probabilities"]
    return (
        isinstance(labels, list)
        and (not labels or _are_labels(labels))
        and isinstance(document["is_label"], bool)
        and isinstance(has_probabilities, bool)
        and (document["is_label"] or not labels)
        and (len(labels) > 0 or not has_probabilities)
    )
