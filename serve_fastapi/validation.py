"""JSON document in, rows out: Pydantic declares every check."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model, with_config
from typing_extensions import TypedDict

from model.signature import INT64_MAX, INT64_MIN, Feature, Row, Signature
from serve_core.faults import Fault, field_fault, not_an_object, unknown_key, unknown_member
from serve_core.openapi import description_of
from serve_core.problems import MAX_FAULTS, InvalidEnvelope, InvalidInstances, Refusal

# mypy reads a TypedDict only where its fields are written out.
typed_dict: Any = TypedDict

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
TYPES = {"number": float, "integer": int, "boolean": bool, "text": str}

# Of Pydantic's errors only the type is stable; its words never reach a client.
FAULT_CODES = {
    "missing": "missing",
    "float_type": "not_a_number",
    "finite_number": "out_of_range",
    "int_type": "not_an_integer",
    "bool_type": "not_a_boolean",
    "string_type": "not_a_string",
    "literal_error": "not_a_category",
    "greater_than_equal": "below_minimum",
    "less_than_equal": "above_maximum",
}
ENVELOPE_CODES = {
    "model_type": "not_an_object",
    "missing": "missing_instances",
    "list_type": "instances_not_an_array",
    "too_short": "no_instances",
    "too_long": "too_many_instances",
}


class PredictRequest(BaseModel):
    """What the requests for all models share; `request_model` says what an instance is."""

    model_config = STRICT
    signature: ClassVar[Signature]
    names: ClassVar[list[str]]
    envelope: ClassVar[TypeAdapter[Any]]
    instance: ClassVar[TypeAdapter[Any]]

    instances: list[Any]

    @classmethod
    def of(cls, document: object) -> Self:
        """Raises: InvalidEnvelope, InvalidInstances."""
        try:
            return cls.model_validate(document)
        except ValidationError:
            raise cls._refusal(document) from None

    def rows(self) -> list[Row]:
        names = self.names
        return [[instance[name] for name in names] for instance in self.instances]

    @classmethod
    def _refusal(cls, document: Any) -> Refusal:
        unknown_members = []
        for error in _errors(cls.envelope, document, {"instances"}):
            if error["type"] != "extra_forbidden":
                return InvalidEnvelope(ENVELOPE_CODES[error["type"]])
            unknown_members.append(unknown_member(error["loc"][0]))
        return InvalidInstances(chain(cls._faults(document["instances"]), unknown_members))

    @classmethod
    def _faults(cls, instances: list[Any]) -> Iterator[Fault]:
        """Instance by instance, so that the search can end when enough is found."""
        names = set(cls.signature.names)
        for index, instance in enumerate(instances):
            for error in _errors(cls.instance, instance, names):
                yield _fault(error, index, cls.signature)


def request_model(signature: Signature, max_instances: int) -> type[PredictRequest]:
    """The request's model, built from the signature: a TypedDict takes any string as the name of a field."""
    fields = {feature.name: _field(feature) for feature in signature.features}
    instance: Any = with_config(STRICT)(typed_dict("Instance", fields))
    length: dict[str, Any] = {"min_length": 1, "max_length": max_instances}
    request = create_model(
        "PredictRequest",
        __base__=PredictRequest,
        instances=(list[instance], Field(**length, fail_fast=True, examples=[[signature.example]])),
    )
    request.signature, request.names = signature, signature.names
    request.instance = TypeAdapter(instance)
    request.envelope = TypeAdapter(create_model("Envelope", __config__=STRICT, instances=(list[Any], Field(**length))))
    return request


def _field(feature: Feature) -> Any:
    declared: Any = Literal.__getitem__(feature.categories) if feature.kind == "category" else TYPES[feature.kind]
    least, most = feature.minimum, feature.maximum
    if feature.kind == "integer":
        least = INT64_MIN if least is None else least
        most = INT64_MAX if most is None else most
    if least is not None or most is not None:
        declared = Annotated[declared, Field(ge=least, le=most)]
    if feature.nullable:
        declared = declared | None
    return Annotated[declared, Field(description=description_of(feature), examples=[feature.example])]


def _errors(adapter: TypeAdapter[Any], value: object, known: set[str]) -> list[Any]:
    if isinstance(value, dict):
        # Pydantic makes an error of each of a hundred thousand unknown keys: it is shown as many as can be listed.
        unknown = islice((key for key in value if key not in known), MAX_FAULTS + 1)
        value = {key: value[key] for key in chain(known & value.keys(), unknown)}
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False)
    return []


def _fault(error: Any, index: int, signature: Signature) -> Fault:
    if not error["loc"]:
        return not_an_object(index)
    name = error["loc"][0]
    if error["type"] == "extra_forbidden":
        return unknown_key(index, name)
    feature = next(feature for feature in signature.features if feature.name == name)
    code = FAULT_CODES[error["type"]]
    # An integer beyond all doubles is a number, and one beyond 64 bits is out of a range that nobody declared.
    if code == "not_a_number" and type(error["input"]) is int:
        code = "out_of_range"
    if feature.kind == "integer" and (code, None) in (
        ("below_minimum", feature.minimum),
        ("above_maximum", feature.maximum),
    ):
        code = "out_of_range"
    return field_fault(code, index, feature)
