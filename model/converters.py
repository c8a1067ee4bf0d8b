"""What skl2onnx cannot convert, or converts with less than scikit-learn's precision."""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from onnx import TensorProto
from onnx.helper import make_tensor
from skl2onnx.common.data_types import StringTensorType
from skl2onnx.operator_converters.one_hot_encoder import convert_sklearn_one_hot_encoder
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from .compiled import NULL


def convert_imputer(scope: Any, operator: Any, container: Any) -> None:
    """skl2onnx fills in float32, and wants a string that stands for the missing ones.

    Raises: NotImplementedError
    """
    imputer, given = operator.raw_operator, operator.inputs[0]
    values, missing = scope.get_unique_variable_name("values"), scope.get_unique_variable_name("missing")
    if not _is_nan(imputer.missing_values):
        raise NotImplementedError("SimpleImputer is converted only where NaN is missing")
    if imputer.add_indicator or any(map(_is_nan, imputer.statistics_)):
        raise NotImplementedError("SimpleImputer is not converted where it adds or drops columns")
    if isinstance(given.type, StringTensorType):
        null = scope.get_unique_variable_name("null")
        container.add_initializer(null, TensorProto.STRING, [1], [NULL])
        container.add_initializer(values, TensorProto.STRING, [len(imputer.statistics_)], list(imputer.statistics_))
        container.add_node("Equal", [given.full_name, null], missing, op_version=19)
    else:
        statistics = imputer.statistics_.astype(np.float64)
        container.add_initializer(values, TensorProto.DOUBLE, [len(statistics)], statistics)
        container.add_node("IsNaN", given.full_name, missing, op_version=13)
    container.add_node("Where", [missing, values, given.full_name], operator.outputs[0].full_name, op_version=16)


def convert_one_hot_encoder(scope: Any, operator: Any, container: Any) -> None:
    """Null may be a category of its own.

    Raises: NotImplementedError
    """
    encoder = operator.raw_operator
    if any(categories.dtype.kind == "f" for categories in encoder.categories_):
        raise NotImplementedError("OneHotEncoder is not converted for floats, of which ONNX takes the whole part")
    encoder.categories_ = [
        np.array([NULL if pd.isna(category) else category for category in categories], categories.dtype)
        for categories in encoder.categories_
    ]
    convert_sklearn_one_hot_encoder(scope, operator, container)


def refuse_texts(_scope: Any, _operator: Any, _container: Any) -> None:
    """onnxruntime makes every text of a call as long as the longest, and a gigabyte of a body of 100 kB.

    It also lowers case letter by letter, which is not how Python does it. Raises: NotImplementedError
    """
    raise NotImplementedError("vectorizers of texts are not converted")


def convert_ordinal_encoder(scope: Any, operator: Any, container: Any) -> None:
    """skl2onnx makes a number of a missing string.

    Raises: NotImplementedError
    """
    encoder, given = operator.raw_operator, operator.inputs[0]
    if len(operator.inputs) > 1 or not isinstance(given.type, StringTensorType):
        raise NotImplementedError("OrdinalEncoder is converted only for strings")
    if encoder._infrequent_enabled:
        raise NotImplementedError("OrdinalEncoder is not converted where it groups infrequent categories")
    codes = []
    for index, categories in enumerate(encoder.categories_):
        position, column, code = map(scope.get_unique_variable_name, ("position", "column", "code"))
        container.add_initializer(position, TensorProto.INT64, [1], [index])
        container.add_node("Gather", [given.full_name, position], column, axis=1, op_version=13)
        known = [category for category in categories if not pd.isna(category)]
        has_null = len(known) < len(categories)
        container.add_node(
            "LabelEncoder",
            column,
            code,
            op_domain="ai.onnx.ml",
            op_version=2,
            keys_strings=[*known, NULL] if has_null else known,
            values_floats=[*map(float, range(len(known))), *([float(encoder.encoded_missing_value)] * has_null)],
            default_float=nan if encoder.unknown_value is None else float(encoder.unknown_value),
        )
        codes.append(code)
    container.add_node("Concat", codes, operator.outputs[0].full_name, axis=1, op_version=13)


def convert_boosted_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Raises: NotImplementedError"""
    booster = operator.raw_operator
    label, probabilities = (output.full_name for output in operator.outputs)
    raw = _add_boosted_trees(scope, operator, container)
    if len(booster.classes_) == 2:
        positive, one = scope.get_unique_variable_name("positive"), scope.get_unique_variable_name("one")
        negative = scope.get_unique_variable_name("negative")
        container.add_initializer(one, TensorProto.DOUBLE, [1], [1.0])
        container.add_node("Sigmoid", raw, positive, op_version=13)
        container.add_node("Sub", [one, positive], negative, op_version=14)
        container.add_node("Concat", [negative, positive], probabilities, axis=1, op_version=13)
    else:
        container.add_node("Softmax", raw, probabilities, axis=1, op_version=13)
    classes, likeliest = scope.get_unique_variable_name("classes"), scope.get_unique_variable_name("likeliest")
    if booster.classes_.dtype.kind in "OU":
        container.add_initializer(classes, TensorProto.STRING, [len(booster.classes_)], list(booster.classes_))
    else:
        container.add_initializer(classes, TensorProto.INT64, [len(booster.classes_)], booster.classes_.astype(int))
    container.add_node("ArgMax", probabilities, likeliest, axis=1, keepdims=0, op_version=13)
    container.add_node("Gather", [classes, likeliest], label, op_version=13)


def convert_boosted_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Raises: NotImplementedError"""
    link = type(operator.raw_operator._loss.link).__name__
    if link not in INVERSES:
        raise NotImplementedError(f"boosted trees are not converted with a {link}")
    raw = _add_boosted_trees(scope, operator, container)
    container.add_node(INVERSES[link], raw, operator.outputs[0].full_name, op_version=13)


INVERSES = {"IdentityLink": "Identity", "LogLink": "Exp"}


def _add_boosted_trees(scope: Any, operator: Any, container: Any) -> str:
    """The sums of the trees, (n_rows, n_trees_per_iteration), at thresholds in double as scikit-learn has them.

    skl2onnx rounds thresholds to float32, and stumbles over a flag of the nodes that is no integer.
    Raises: NotImplementedError
    """
    booster = operator.raw_operator
    trees = [predictor.nodes for iteration in booster._predictors for predictor in iteration]
    n_targets = booster.n_trees_per_iteration_
    nodes = np.concatenate(trees)
    if nodes["is_categorical"].any():
        raise NotImplementedError("boosted trees are not converted where they split by categories")
    is_leaf = nodes["is_leaf"].astype(bool)
    tree_ids = np.repeat(np.arange(len(trees)), [len(tree) for tree in trees])
    node_ids = np.concatenate([np.arange(len(tree)) for tree in trees])
    summed, doubled, baseline, raw = map(scope.get_unique_variable_name, ("summed", "doubled", "baseline", "raw"))
    container.add_node(
        "TreeEnsembleRegressor",
        operator.inputs[0].full_name,
        summed,
        op_domain="ai.onnx.ml",
        op_version=3,
        n_targets=n_targets,
        nodes_treeids=tree_ids,
        nodes_nodeids=node_ids,
        nodes_modes=np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_featureids=np.where(is_leaf, 0, nodes["feature_idx"]),
        nodes_values_as_tensor=_doubles(np.where(is_leaf, 0.0, nodes["num_threshold"])),
        nodes_missing_value_tracks_true=nodes["missing_go_to_left"].astype(int),
        nodes_truenodeids=nodes["left"].astype(int),
        nodes_falsenodeids=nodes["right"].astype(int),
        target_treeids=tree_ids[is_leaf],
        target_nodeids=node_ids[is_leaf],
        target_ids=tree_ids[is_leaf] % n_targets,
        target_weights_as_tensor=_doubles(nodes["value"][is_leaf]),
    )
    container.add_initializer(baseline, TensorProto.DOUBLE, [1, n_targets], booster._baseline_prediction.ravel())
    container.add_node("Cast", summed, doubled, to=TensorProto.DOUBLE, op_version=13)
    container.add_node("Add", [doubled, baseline], raw, op_version=14)
    return str(raw)


def _doubles(values: Any) -> Any:
    return make_tensor("values", TensorProto.DOUBLE, [len(values)], values)


def _is_nan(value: Any) -> bool:
    return bool(value != value)


CONVERTERS: dict[type, Callable[[Any, Any, Any], None]] = {
    SimpleImputer: convert_imputer,
    OneHotEncoder: convert_one_hot_encoder,
    OrdinalEncoder: convert_ordinal_encoder,
    CountVectorizer: refuse_texts,
    TfidfVectorizer: refuse_texts,
    HistGradientBoostingClassifier: convert_boosted_classifier,
    HistGradientBoostingRegressor: convert_boosted_regressor,
}
