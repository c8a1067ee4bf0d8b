"""JSON document in, rows out: every check is written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from math import copysign, inf, isfinite
from sys import float_info
from typing import Any

from model.schema.dates import FIRST, LAST, is_date
from model.schema.dtypes import held_by
from model.schema.signature import INT64_MAX, INT64_MIN, Feature, Row, Signature, Value
from serve_core.wire.faults import Fault, field_fault, not_an_object, unknown_key, unknown_member
from serve_core.wire.problems import InvalidEnvelope, InvalidInstances

MAX_DOUBLE = float_info.max

# Returns the value for the row; raises Faulty if the value is invalid.
Reader = Callable[[Any], Value]
Columns = Sequence[tuple[str, Reader, Feature]]


class Faulty(ValueError):
    """A value is invalid; the message is the code of its fault, empty if nobody asks for it."""


def columns_of(signature: Signature) -> Columns:
    """The checks of each feature, built once for `rows_of`."""
    return [(feature.name, _READERS[feature.kind](feature), feature) for feature in signature.features]


def rows_of(document: Any, columns: Columns, max_instances: int) -> list[Row]:
    """Raises: InvalidEnvelope, InvalidInstances."""
    instances = _instances_of(document, max_instances)
    if len(document) == 1:
        with suppress(Faulty, KeyError):
            return [_row_of(instance, columns) for instance in instances]
    raise InvalidInstances(_faults_in(document, instances, columns))


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


def _row_of(instance: Any, columns: Columns) -> Row:
    """Raises: Faulty, KeyError."""
    if not isinstance(instance, dict) or len(instance) != len(columns):
        raise Faulty
    return [read(instance[name]) for name, read, _ in columns]


def _faults_in(document: Any, instances: list[Any], columns: Columns) -> Iterator[Fault]:
    known = {name for name, _, _ in columns}
    for index, instance in enumerate(instances):
        if not isinstance(instance, dict):
            yield not_an_object(index)
            continue
        for name, read, feature in columns:
            if code := _fault_code(instance, name, read):
                yield field_fault(code, index, feature)
        for key in instance:
            if key not in known:
                yield unknown_key(index, key)
    for key in document:
        if key != "instances":
            yield unknown_member(key)


def _fault_code(instance: dict[str, Any], name: str, read: Reader) -> str | None:
    if name not in instance:
        return "missing"
    try:
        read(instance[name])
    except Faulty as fault:
        return str(fault)
    return None


def _number_reader(feature: Feature) -> Reader:
    least = -MAX_DOUBLE if feature.minimum is None else feature.minimum
    most = MAX_DOUBLE if feature.maximum is None else feature.maximum

    def read(value: Any) -> float | None:
        if type(value) is float and least <= value <= most:  # nearly all are: the rest may be slow
            return value
        if value is None and feature.nullable:
            return None
        # bool is an int in Python, and never a measurement.
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Faulty("not_a_number")
        try:
            number = float(value)
        except OverflowError:  # an integer of more than 308 digits
            raise Faulty("out_of_range") from None
        if not isfinite(number):
            raise Faulty("out_of_range")
        if number < least:
            raise Faulty("below_minimum")
        if number > most:
            raise Faulty("above_maximum")
        return number

    return read


def _integer_reader(feature: Feature) -> Reader:
    least = -inf if feature.minimum is None else feature.minimum
    most = inf if feature.maximum is None else feature.maximum

    def read(value: Any) -> int | None:
        if value is None and feature.nullable:
            return None
        # orjson makes a float of an integer beyond 64 bits.
        if isinstance(value, float) and not INT64_MIN < value <= INT64_MAX:
            value = copysign(inf, value)
        elif isinstance(value, bool) or not isinstance(value, int):
            raise Faulty("not_an_integer")
        if value < least:
            raise Faulty("below_minimum")
        if value > most:
            raise Faulty("above_maximum")
        if not INT64_MIN <= value <= INT64_MAX:
            raise Faulty("out_of_range")
        return int(value)

    return read


def _boolean_reader(feature: Feature) -> Reader:
    def read(value: Any) -> bool | None:
        if isinstance(value, bool) or (value is None and feature.nullable):
            return value
        raise Faulty("not_a_boolean")

    return read


def _category_reader(feature: Feature) -> Reader:
    categories = frozenset(feature.categories)

    def read(value: Any) -> str | None:
        if (isinstance(value, str) and value in categories) or (value is None and feature.nullable):
            return value
        raise Faulty("not_a_category")

    return read


def _text_reader(feature: Feature) -> Reader:
    def read(value: Any) -> str | None:
        if isinstance(value, str) or (value is None and feature.nullable):
            return value
        raise Faulty("not_a_string")

    return read


def _date_reader(feature: Feature) -> Reader:
    least_held, most_held = held_by(feature.dtype).kinds["date"]
    least = FIRST if feature.minimum is None else feature.minimum
    most = LAST if feature.maximum is None else feature.maximum

    def read(value: Any) -> str | None:
        if value is None and feature.nullable:
            return None
        if not is_date(value):
            raise Faulty("not_a_date")
        if value < least:  # as strings: they sort as the dates do
            raise Faulty("below_minimum")
        if value > most:
            raise Faulty("above_maximum")
        if not least_held <= value <= most_held:
            raise Faulty("out_of_range")
        return value

    return read


_READERS: dict[str, Callable[[Feature], Reader]] = {
    "number": _number_reader,
    "integer": _integer_reader,
    "boolean": _boolean_reader,
    "category": _category_reader,
    "text": _text_reader,
    "date": _date_reader,
}
