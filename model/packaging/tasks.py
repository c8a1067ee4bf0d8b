"""Find out what a fitted estimator predicts, from its tags, its classes and its predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector
from sklearn.utils import get_tags

from ..errors import EstimatorError
from ..schema.outputs import Output, Task, are_labels, are_names, name_of
from ..schema.signature import Value


def task_of(estimator: Any) -> Task:
    """The task by scikit-learn's tags. Without tags, it is a classifier if `classes_` has labels."""
    try:
        kind = get_tags(estimator).estimator_type
    except AttributeError:
        kind = None
    if kind and is_outlier_detector(estimator):
        return "outlier_detection"
    if kind == "density_estimator" or (kind and is_clusterer(estimator)):
        return "clustering"
    classes = getattr(estimator, "classes_", None)
    has_labels = classes is not None and len(classes) > 0  # a regressor of CatBoost has none in its `classes_`
    is_labelled = has_labels or (kind and is_classifier(estimator))
    return "classification" if is_labelled else "regression"


def outputs_of(
    estimator: Any, predicted: Any, probabilities: Any = None, names: Sequence[str] | None = None
) -> tuple[Output, ...]:
    """The outputs of a fitted estimator, inferred from its predictions.

    Args:
        predicted: (n_rows,) or (n_rows, n_outputs), from `predict`.
        probabilities: from `predict_proba`; None without it.
        names: names of several outputs, from the columns of the target; None names them y0, y1, ...
    Raises: EstimatorError if JSON cannot express the predictions, or the names do not fit.
    """
    table = np.asarray(predicted)
    if table.ndim not in (1, 2):
        raise EstimatorError(f"{name_of(estimator)} predicts an array of {table.ndim} dimensions instead of a table")
    n_outputs = table.shape[1] if table.ndim == 2 else 1
    if names is not None and len(names) != n_outputs:
        raise EstimatorError(f"the target's columns are {list(names)}, but {name_of(estimator)} predicts {n_outputs}")
    labels = _labels_of(estimator, table.dtype, probabilities, n_outputs)
    if labels is None:
        outputs = [Output()] * n_outputs
    else:
        outputs = [Output(is_label=True, labels=each, has_probabilities=probabilities is not None) for each in labels]
    if n_outputs == 1:
        return tuple(outputs)
    names = names or [f"y{index}" for index in range(n_outputs)]
    if not are_names(names):
        raise EstimatorError(f"{n_outputs} outputs need as many different, non-empty names, not {list(names)}")
    return tuple(replace(output, name=name) for output, name in zip(outputs, names, strict=True))


def _labels_of(
    estimator: Any, dtype: np.dtype[Any], probabilities: Any, n_outputs: int
) -> list[tuple[Value, ...]] | None:
    """The labels of each output, or None if the outputs are values."""
    match task_of(estimator):
        case "regression":
            if dtype.kind not in "biuf":
                raise EstimatorError(f"{name_of(estimator)} does not predict numbers and has no classes_ with labels")
            return None
        case "outlier_detection":
            return [(-1, 1)]
        case "clustering":
            return [() if probabilities is None else tuple(range(np.shape(probabilities)[1]))]
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        raise EstimatorError(f"{name_of(estimator)} is a classifier but has no classes_ with labels")
    if n_outputs == 1:
        return [_checked_labels(estimator, classes)]
    if np.ndim(classes[0]) == 0:  # each class applies to a row or does not
        return [(0, 1)] * n_outputs
    return [_checked_labels(estimator, each) for each in classes]


def _checked_labels(estimator: Any, classes: Any) -> tuple[Value, ...]:
    labels = tuple(label.item() if isinstance(label, np.generic) else label for label in classes)
    if not are_labels(labels):
        raise EstimatorError(
            f"{name_of(estimator)} has labels that are not all strings, all integers, all booleans or all finite floats"
        )
    return labels
