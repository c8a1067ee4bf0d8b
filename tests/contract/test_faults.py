"""Faults in fields: all are listed at once and in order, and values are never repeated."""

from __future__ import annotations

import pytest

from ..artifacts import FEW, of_every_model
from ..bodies import body_of, faulty_texts, instance_texts, object_of, pointer, telling_features

JSON = {"Content-Type": "application/json"}

MAX_FAULTS = 100
MAX_LISTED_CATEGORIES = 50


def faults(client, *instances, tail=""):
    """The answer's errors, as (pointer, code)."""
    body = body_of(*instances)[:-1] + tail + "}"
    response = client.post("/predict", content=body, headers=JSON)
    assert response.status_code == 422, response.text
    assert response.json()["code"] == "invalid_instances"
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


@of_every_model(*FEW)
def test_points_at_every_missing_feature_in_signature_order(client, signature):
    missing = [(pointer("instances", 0, name), "missing") for name in signature.names]

    assert faults(client, {}) == missing[:MAX_FAULTS]


@of_every_model(*FEW)
def test_refuses_every_invalid_value(client, signature):
    for feature in telling_features(signature):
        for text, code in faulty_texts(feature):
            found = faults(client, instance_texts(signature) | {feature.name: text})

            assert found == [(pointer("instances", 0, feature.name), code)], (feature.name, text)


def test_the_detail_of_a_missing_feature_is_required(client):
    response = client.post("/predict", content=body_of({}), headers=JSON)

    assert {error["detail"] for error in response.json()["errors"]} == {"required"}


@of_every_model(*FEW)
def test_lists_the_valid_categories(client, signature):
    for feature in telling_features(signature):
        if feature.kind == "category":
            body = body_of(instance_texts(signature) | {feature.name: '"surely none of them"'})
            [error] = client.post("/predict", content=body, headers=JSON).json()["errors"]

            listed = [*feature.categories[:MAX_LISTED_CATEGORIES], *(["null"] if feature.nullable else [])]
            n_more = len(feature.categories) - MAX_LISTED_CATEGORIES
            more = f" (and {n_more} more)" if n_more > 0 else ""
            assert error["detail"] == f"expected one of: {', '.join(listed)}{more}"


@pytest.mark.parametrize("artifact", ["every_kind"], indirect=True, scope="session")
@pytest.mark.parametrize(
    ("name", "text", "detail"),
    [
        ("since", '"2026-02-30"', "expected a date as YYYY-MM-DD"),
        ("until", "20261130", "expected a date as YYYY-MM-DD or null"),
        ("since", '"1999-12-31"', "expected at least 2000-01-01"),
        ("since", '"2100-01-01"', "expected at most 2099-12-31"),
        ("until", '"9999-12-31"', "expected a date from 1677-09-22 to 2262-04-11"),
    ],
)
def test_says_which_dates_are_expected(client, signature, name, text, detail):
    body = body_of(instance_texts(signature) | {name: text})
    [error] = client.post("/predict", content=body, headers=JSON).json()["errors"]

    assert error["detail"] == detail


@of_every_model(*FEW)
def test_lists_unknown_keys_last_and_in_body_order(client, signature):
    texts = instance_texts(signature)
    name = signature.names[-1]
    faulty = {"z/y~x": "1", **texts, name: "[]", "": "{}", "instances": "null"}

    assert faults(client, faulty) == [
        (pointer("instances", 0, name), dict([next(faulty_texts(signature.features[-1]))])["[]"]),
        (pointer("instances", 0, "z/y~x"), "unknown_key"),
        (pointer("instances", 0, ""), "unknown_key"),
        (pointer("instances", 0, "instances"), "unknown_key"),
    ]


def test_lists_a_duplicate_unknown_key_once(client, signature):
    twice = object_of(instance_texts(signature)).replace("{", '{"surplus": 1, "surplus": 2, ', 1)

    assert faults(client, twice) == [("/instances/0/surplus", "unknown_key")]


def test_refuses_instances_that_are_not_objects(client, signature):
    found = faults(client, "1", instance_texts(signature), "null", "[]", '"x"')

    assert found == [(pointer("instances", index), "not_an_object") for index in (0, 2, 3, 4)]


@of_every_model(*FEW)
def test_lists_faults_by_instance_and_members_of_the_body_last(client, signature):
    texts = instance_texts(signature)
    first, last = signature.names[0], signature.names[-1]

    found = faults(client, texts | {last: "[]"}, texts, texts | {first: "[]"}, tail=', "parameters": {}, "a/b": 1')

    assert [where for where, _ in found] == [
        pointer("instances", 0, last),
        pointer("instances", 2, first),
        "/parameters",
        "/a~1b",
    ]


def test_the_detail_counts_faults_and_instances(client, signature):
    texts = instance_texts(signature)
    body = body_of(texts | {signature.names[0]: "[]", "surplus": "1"}, texts, "1")

    detail = client.post("/predict", content=body, headers=JSON).json()["detail"]

    assert detail == "3 faults in 2 instances"


def test_lists_at_most_a_hundred_faults(client):
    response = client.post("/predict", content=body_of(*["1"] * (MAX_FAULTS + 1)), headers=JSON)
    exactly = client.post("/predict", content=body_of(*["1"] * MAX_FAULTS), headers=JSON)

    assert len(response.json()["errors"]) == MAX_FAULTS
    assert response.json()["truncated"] is True
    assert response.json()["detail"] == "More than 100 faults in 100 instances"
    assert len(exactly.json()["errors"]) == MAX_FAULTS
    assert "truncated" not in exactly.json()


@of_every_model(*FEW)
def test_never_repeats_a_value(client, signature):
    secret = "4111-1111-1111-1111"
    faulty = dict.fromkeys(signature.names, f'["{secret}"]') | {"surplus": f'"{secret}"'}

    assert secret not in client.post("/predict", content=body_of(faulty), headers=JSON).text
