"""Valid requests get the model's own predictions, in order."""

from __future__ import annotations

import json

import pytest

from ..artifacts import FEW, of_every_model
from ..bodies import body_of, instance_texts, object_of, telling_features, text_of, valid_texts

JSON = {"Content-Type": "application/json"}

MAX_BODY_BYTES = 2 * 1024**2
MAX_INSTANCES = 1000


def predict(client, body):
    return client.post("/predict", content=body, headers=JSON)


@of_every_model(*FEW)
def test_answers_an_instance_as_the_model_predicts_it(client, model, signature):
    response = predict(client, body_of(instance_texts(signature)))

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    [prediction] = response.json()["predictions"]
    [expected] = model.predict([list(signature.example.values())])
    assert_alike(prediction, expected)


def test_names_the_model_that_answered(client, model, signature):
    response = predict(client, body_of(instance_texts(signature)))

    assert response.json()["model"] == {"name": model.manifest.name, "version": model.manifest.version}


@of_every_model(*FEW)
def test_labels_and_keys_have_their_training_types(client, model, signature):
    [prediction] = predict(client, body_of(instance_texts(signature))).json()["predictions"]
    predictions = prediction.get("outputs", {None: prediction})

    assert [*predictions] == [output.name for output in model.manifest.outputs]
    for output in model.manifest.outputs:
        answered = predictions[output.name]
        labels = [text_of(label) for label in output.labels]
        keys = [label if isinstance(label, str) else text_of(label) for label in output.labels]
        if not output.is_label:
            assert isinstance(answered["value"], float)
        elif labels:
            assert text_of(answered["label"]) in labels
        else:
            assert type(answered["label"]) is int
        assert [*answered.get("probabilities", {})] == (keys if output.has_probabilities else [])


@of_every_model(*FEW)
def test_keeps_the_order_of_the_instances(client, signature):
    instances = varied(signature)

    predictions = predict(client, body_of(*instances)).json()["predictions"]

    assert len(predictions) == len(instances)
    for prediction, instance in zip(predictions, instances, strict=True):
        [alone] = predict(client, body_of(instance)).json()["predictions"]
        assert_alike(prediction, alone)


@of_every_model(*FEW)
def test_accepts_the_boundary_values_of_each_feature(client, signature):
    for feature in telling_features(signature):
        for text in valid_texts(feature):
            response = predict(client, body_of(instance_texts(signature) | {feature.name: text}))

            assert response.status_code == 200, (feature.name, text, response.text)


def test_accepts_keys_in_any_order(client, signature):
    texts = instance_texts(signature)
    backwards = dict(reversed(texts.items()))

    assert predict(client, body_of(backwards)).content == predict(client, body_of(texts)).content


def test_uses_the_last_of_duplicate_keys(client, signature):
    texts = instance_texts(signature)
    name = signature.names[0]
    doubled = object_of(texts).replace("{", f"{{{json.dumps(name)}: [], ", 1)

    assert predict(client, body_of(doubled)).content == predict(client, body_of(texts)).content


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;"])
def test_accepts_media_type_parameters_and_capitals(client, signature, content_type):
    response = client.post(
        "/predict", content=body_of(instance_texts(signature)), headers={"Content-Type": content_type}
    )

    assert response.status_code == 200


def test_accepts_the_maximum_number_of_instances(client, signature):
    text = object_of(instance_texts(signature))
    n_instances = min(MAX_INSTANCES, MAX_BODY_BYTES // len(f"{text}, ".encode()) - 1)

    response = predict(client, body_of(*[text] * n_instances))

    assert len(response.json()["predictions"]) == n_instances


def test_accepts_a_chunked_body(client, signature):
    body = body_of(instance_texts(signature)).encode()

    response = client.post("/predict", content=iter([body[:10], body[10:]]), headers=JSON)

    assert response.status_code == 200


def varied(signature):
    """Valid instances, each with another value in one feature."""
    texts = instance_texts(signature)
    return [texts | {feature.name: text} for feature in telling_features(signature) for text in valid_texts(feature)]


def assert_alike(prediction, expected):
    """Batches may differ in the last bits."""
    assert prediction.keys() == expected.keys()
    if "outputs" in expected:
        assert [*prediction["outputs"]] == [*expected["outputs"]]
        for name, output in expected["outputs"].items():
            assert_alike(prediction["outputs"][name], output)
    assert text_of(prediction.get("label")) == text_of(expected.get("label"))
    assert prediction.get("value") == pytest.approx(expected.get("value"))
    assert prediction.get("probabilities") == pytest.approx(expected.get("probabilities"))
