"""Whatever a client sends, both backends pass the same rows to the model, in value and in type."""

from __future__ import annotations

import importlib

import orjson
import pytest

from model.schema.signature import Row, Signature

from ..artifacts import FEW
from ..bodies import body_of, instance_texts, valid_texts


def rows_from_fastapi(document: object, signature: Signature) -> list[Row]:
    request_model = importlib.import_module("serve_fastapi.validation").request_model
    rows: list[Row] = request_model(signature, 1000).model_validate(document).rows()
    return rows


def rows_from_flask(document: object, signature: Signature) -> list[Row]:
    validation = importlib.import_module("serve_flask.validation")
    rows: list[Row] = validation.rows_of(document, validation.columns_of(signature), 1000)
    return rows


@pytest.mark.parametrize("artifact", FEW, indirect=True)
def test_both_backends_pass_the_same_rows(signature):
    texts = instance_texts(signature)
    instances = [texts | {feature.name: text} for feature in signature.features for text in valid_texts(feature)]
    document = orjson.loads(body_of(*instances))

    from_fastapi, from_flask = rows_from_fastapi(document, signature), rows_from_flask(document, signature)

    assert from_fastapi == from_flask
    assert [[*map(type, row)] for row in from_fastapi] == [[*map(type, row)] for row in from_flask]
