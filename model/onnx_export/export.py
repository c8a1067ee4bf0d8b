"""Export a fitted estimator as an ONNX graph. `parity_gate` then checks that the graph predicts the same."""

from __future__ import annotations

import re
from copy import deepcopy
from textwrap import shorten
from typing import Any

import numpy as np
from onnx.utils import Extractor
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType
from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator
from skl2onnx.sklapi import CastTransformer
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from ..errors import ExportError, reason
from ..runtime.onnx import ROWS, codes_of
from ..schema.signature import Signature
from .category_codes import in_codes
from .converters import CONVERTERS

# The newest opsets that the converters support; the graph states which of them it needs.
OPSETS = {"": 19, "ai.onnx.ml": 3}

LONGEST_SENTENCE = 200  # characters: some messages of skl2onnx list all nodes


def exported(estimator: Any, signature: Signature, *, labels_are_likeliest: bool) -> bytes:
    """The graph, as bytes. Its input is the table that `runtime.onnx` makes from rows.

    Args:
        labels_are_likeliest: leave the labels out of the graph, because they follow from the probabilities.
    Raises: ExportError
    """
    for kind in ("text", "date"):
        if any(feature.kind == kind for feature in signature.features):
            raise ExportError(f"{kind} features are not compiled")
    categories = {i: codes_of(each) for i, each in enumerate(signature.features) if each.kind == "category"}
    try:
        convertible = deepcopy(estimator)
        _take_columns_by_position(convertible)
        in_codes(convertible, categories)
        model = _converted(_with_casts(convertible), len(signature.features))
    except ExportError:
        raise
    except (MissingConverter, MissingShapeCalculator) as error:
        [step] = re.findall(r"(\w+)'>", str(error))[:1] or ["a step"]
        raise ExportError(f"skl2onnx has no converter for {step}: another step in its place may have one") from error
    except Exception as error:  # a converter may raise anything
        raise ExportError(shorten(f"skl2onnx cannot convert it: {reason(error)}", LONGEST_SENTENCE)) from error
    if labels_are_likeliest:
        model = Extractor(model).extract_model([ROWS], [model.graph.output[1].name])
    # skl2onnx takes the opsets from a set, whose order changes with the process; the artifact's digest must not.
    opsets = sorted(model.opset_import, key=lambda opset: str(opset.domain))
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    return bytes(model.SerializeToString())


def _converted(estimator: Any, n_features: int) -> Any:
    def converted(**options: Any) -> Any:
        return convert_sklearn(
            estimator,
            name="model",  # skl2onnx would draw a random one
            initial_types=[(ROWS, DoubleTensorType([None, n_features]))],
            target_opset=OPSETS,
            custom_conversion_functions=CONVERTERS,
            options={id(_last_step(estimator)): options},
        )

    try:
        return converted(zipmap=False)  # probabilities as a table
    except NameError:  # the converter has no such option: no probabilities, or always a table
        return converted()


def _last_step(estimator: Any) -> Any:
    return _last_step(estimator.steps[-1][1]) if isinstance(estimator, Pipeline) else estimator


def _take_columns_by_position(step: Any) -> None:
    """Select the columns of each `ColumnTransformer` by position, since the graph's input has no column names."""
    match step:
        case Pipeline():
            _take_columns_by_position(step.steps[0][1])
        case FeatureUnion():
            for _, transformer in step.transformer_list:
                _take_columns_by_position(transformer)
        case ColumnTransformer():
            step.transformers_ = [
                (name, transformer, list(step._transformer_to_input_indices[name]))
                for name, transformer, _ in step.transformers_
            ]


def _is_encoder(step: Any) -> bool:
    """Whether skl2onnx declares some of the output as float32."""
    return isinstance(step, ColumnTransformer | FeatureUnion | OneHotEncoder | OrdinalEncoder)


def _with_casts(estimator: Any) -> Any:
    """The estimator with everything in double except the input of trees, which scikit-learn casts to float32."""
    if isinstance(estimator, Pipeline):
        steps = [(name, _with_casts(step)) for name, step in estimator.steps]
        doubles = ("in double", CastTransformer(dtype=np.float64))
        estimator.steps = [part for step in steps for part in ([step, doubles] if _is_encoder(step[1]) else [step])]
        return estimator
    trees = [estimator, *np.ravel(getattr(estimator, "estimators_", []))]
    if hasattr(trees[-1], "tree_"):
        return make_pipeline(CastTransformer(dtype=np.float32), estimator)
    return estimator
