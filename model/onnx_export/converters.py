"""Converters for the steps that skl2onnx cannot convert, or converts with less precision than scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto
from onnx.helper import make_tensor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from ..errors import ExportError
from .category_codes import ENCODE


def convert_imputer(scope: Any, operator: Any, container: Any) -> None:
    """Fills in double; the converter of skl2onnx fills in float32.

    Raises: ExportError
    """
    imputer, given = operator.raw_operator, operator.inputs[0].full_name
    values, missing = scope.get_unique_variable_name("values"), scope.get_unique_variable_name("missing")
    if not _is_nan(imputer.missing_values):
        raise ExportError("SimpleImputer is compiled only if missing values are NaN: set missing_values=np.nan")
    if imputer.add_indicator or any(map(_is_nan, imputer.statistics_)):
        raise ExportError(
            "SimpleImputer is not compiled if it adds or drops columns: set add_indicator=False, and drop empty columns"
        )
    statistics = imputer.statistics_.astype(np.float64)
    container.add_initializer(values, TensorProto.DOUBLE, [len(statistics)], statistics)
    container.add_node("IsNaN", given, missing, op_version=13)
    container.add_node("Where", [missing, values, given], operator.outputs[0].full_name, op_version=16)


def convert_one_hot_encoder(scope: Any, operator: Any, container: Any) -> None:
    """Compares each category with its column; the converter of skl2onnx truncates floats and does not know null.

    Raises: ExportError
    """
    encoder, given = operator.raw_operator, operator.inputs[0].full_name
    if encoder._infrequent_enabled:
        raise ExportError("OneHotEncoder is not compiled with min_frequency or max_categories: leave them out")
    dropped = encoder.drop_idx_ if encoder.drop_idx_ is not None else [None] * len(encoder.categories_)
    pairs = [
        (column, category)
        for column, categories in enumerate(encoder.categories_)
        for index, category in enumerate(categories)
        if index != dropped[column]
    ]
    columns, categories = map(np.array, zip(*pairs, strict=True))
    positions, wanted, asked, equal = map(scope.get_unique_variable_name, ("positions", "wanted", "asked", "equal"))
    container.add_initializer(positions, TensorProto.INT64, [len(columns)], columns)
    container.add_initializer(wanted, TensorProto.DOUBLE, [len(categories)], categories)
    container.add_node("Gather", [given, positions], asked, axis=1, op_version=13)
    container.add_node("Equal", [asked, wanted], equal, op_version=13)
    if np.isnan(categories).any():
        is_null, null, nulls, any_of = map(scope.get_unique_variable_name, ("is_null", "null", "nulls", "any_of"))
        container.add_initializer(null, TensorProto.BOOL, [len(categories)], np.isnan(categories))
        container.add_node("IsNaN", asked, is_null, op_version=13)
        container.add_node("And", [is_null, null], nulls, op_version=7)
        container.add_node("Or", [equal, nulls], any_of, op_version=7)
        equal = any_of
    container.add_node("Cast", equal, operator.outputs[0].full_name, to=TensorProto.FLOAT, op_version=13)


def convert_ordinal_encoder(scope: Any, operator: Any, container: Any) -> None:
    """Looks up each code in one table for all columns; the converter of skl2onnx encodes null as a number.

    Raises: ExportError
    """
    encoder, given = operator.raw_operator, operator.inputs[0].full_name
    if encoder._infrequent_enabled:
        raise ExportError("OrdinalEncoder is not compiled with min_frequency or max_categories: leave them out")
    sizes = np.array([len(ordinals) for ordinals in encoder.ordinals_])
    nulls, firsts, table, missing, coded, at, index = map(
        scope.get_unique_variable_name, ("nulls", "firsts", "table", "missing", "coded", "at", "index")
    )
    container.add_initializer(nulls, TensorProto.DOUBLE, [len(sizes)], sizes - 1)
    container.add_initializer(firsts, TensorProto.DOUBLE, [len(sizes)], sizes.cumsum() - sizes)
    container.add_initializer(table, TensorProto.FLOAT, [sizes.sum()], np.concatenate(encoder.ordinals_))
    container.add_node("IsNaN", given, missing, op_version=13)
    container.add_node("Where", [missing, nulls, given], coded, op_version=16)
    container.add_node("Add", [coded, firsts], at, op_version=14)
    container.add_node("Cast", at, index, to=TensorProto.INT64, op_version=13)
    container.add_node("Gather", [table, index], operator.outputs[0].full_name, axis=0, op_version=13)


def convert_boosted_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Raises: ExportError"""
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
    """Raises: ExportError"""
    link = type(operator.raw_operator._loss.link).__name__
    if link not in INVERSES:
        raise ExportError(f"boosted trees are not compiled with a {link}: choose another loss")
    raw = _add_boosted_trees(scope, operator, container)
    container.add_node(INVERSES[link], raw, operator.outputs[0].full_name, op_version=13)


INVERSES = {"IdentityLink": "Identity", "LogLink": "Exp"}


def _add_boosted_trees(scope: Any, operator: Any, container: Any) -> str:
    """The sums of the trees, (n_rows, n_trees_per_iteration), with thresholds in double as in scikit-learn.

    The converter of skl2onnx rounds thresholds to float32, and fails on a node flag that is not an integer.
    Raises: ExportError
    """
    booster = operator.raw_operator
    trees = [predictor.nodes for iteration in booster._predictors for predictor in iteration]
    n_targets = booster.n_trees_per_iteration_
    nodes = np.concatenate(trees)
    if nodes["is_categorical"].any():
        raise ExportError(f"boosted trees are not compiled if they split on categories: {ENCODE}")
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
    HistGradientBoostingClassifier: convert_boosted_classifier,
    HistGradientBoostingRegressor: convert_boosted_regressor,
}
