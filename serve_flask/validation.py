"""JSON document in, rows out: every check spelled out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from math import isfinite
from typing import Any

from model.signature import INT64_MAX, INT64_MIN, Feature, Row, Signature, Value
from serve_core.faults import Fault, field_fault, not_an_object, unknown_key, unknown_member
from serve_core.problems import InvalidEnvelope, InvalidInstances


def rows_of(document: object, signature: Signature, max_instances: int) -> list[Row]:
    """Raises: InvalidEnvelope, InvalidInstances."""
    instances = _instances_of(document, max_instances)
    faults = _faults_in(document, instances, signature)
    if first := next(faults, None):
        raise InvalidInstances(chain([first], faults))
    return [[_value_of(instance, feature) for feature in signature.features] for instance in instances]


def _instances_of(document: object, max_instances: int) -> list[Any]:
    if not isinstance(document, dict):
        raise InvalidEnvelope("not_an_object")
    if "instances" not in document:
        raise InvalidEnvelope("missing_instances")
    instances = document["instances"]
    if not isinstance(instances, list):
        raise InvalidEnvelope("instances_not_an_array")
    if not instances:
        raise InvalidEnvelope("no_instances")
    if len(instances) > max_instances:
        raise InvalidEnvelope("too_many_instances")
    return instances


def _faults_in(document: Any, instances: list[Any], signature: Signature) -> Iterator[Fault]:
    known = set(signature.names)
    for index, instance in enumerate(instances):
        if not isinstance(instance, dict):
            yield not_an_object(index)
            continue
        for feature in signature.features:
            if code := _fault_code(instance, feature):
                yield field_fault(code, index, feature)
        for key in instance:
            if key not in known:
                yield unknown_key(index, key)
    for key in document:
        if key != "instances":
            yield unknown_member(key)


def _fault_code(instance: dict[str, Any], feature: Feature) -> str | None:
    if feature.name not in instance:
        return "missing"
    value = instance[feature.name]
    if value is None and feature.nullable:
        return None
    match feature.kind:
        case "number":
            return _number_fault(value, feature)
        case "integer":
            return _integer_fault(value, feature)
        case "boolean":
            return None if isinstance(value, bool) else "not_a_boolean"
        case "category":
            return None if isinstance(value, str) and value in feature.categories else "not_a_category"
    return None if isinstance(value, str) else "not_a_string"


def _number_fault(value: object, feature: Feature) -> str | None:
    # bool is an int in Python, and never a measurement.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "not_a_number"
    if not _fits_a_double(value):
        return "out_of_range"
    return _bound_fault(float(value), feature)


def _integer_fault(value: object, feature: Feature) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return "not_an_integer"
    if fault := _bound_fault(value, feature):
        return fault
    return None if INT64_MIN <= value <= INT64_MAX else "out_of_range"


def _bound_fault(value: float, feature: Feature) -> str | None:
    if feature.minimum is not None and value < feature.minimum:
        return "below_minimum"
    if feature.maximum is not None and value > feature.maximum:
        return "above_maximum"
    return None


def _value_of(instance: dict[str, Any], feature: Feature) -> Value:
    """What the row holds of a valid instance: of a number that is sent as an integer, the double."""
    value: Value = instance[feature.name]
    return float(value) if feature.kind == "number" and value is not None else value


def _fits_a_double(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # an integer of more than 308 digits
        return False
