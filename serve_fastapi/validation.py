"""JSON document in, rows out: Pydantic declares every check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain, islice
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    create_model,
    model_validator,
    with_config,
)
from pydantic_core import InitErrorDetails
from typing_extensions import TypedDict

from model.schema.dates import PATTERN
from model.schema.signature import INT64_MAX, INT64_MIN, Feature, Row, Signature, bounds_of
from serve_core.wire.faults import Fault, fault_at, field_fault, not_an_object, unknown_key, unknown_member
from serve_core.wire.openapi import description_of
from serve_core.wire.problems import MAX_FAULTS, InvalidEnvelope, InvalidInstances, InvalidRequest, Refusal

# mypy only understands a TypedDict whose fields are written out.
typed_dict: Any = TypedDict

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

# Pydantic's own date also takes times and timestamps; a strict one takes no string. A row has the date as a string.
DATE = Annotated[
    str,
    Field(pattern=PATTERN),
    AfterValidator(date.fromisoformat),
    AfterValidator(str),
    WithJsonSchema({"type": "string", "format": "date"}),
]
TYPES = {"number": float, "integer": int, "boolean": bool, "text": str, "date": DATE}

# Only the types of Pydantic's errors are stable. Its words never reach a client of `/predict`.
FAULT_CODES = {
    "missing": "missing",
    "float_type": "not_a_number",
    "finite_number": "out_of_range",
    "int_type": "not_an_integer",
    "bool_type": "not_a_boolean",
    "string_type": "not_a_string",
    "string_pattern_mismatch": "not_a_date",
    "value_error": "not_a_date",
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
    """The common part of all models' requests; `request_model` adds the shape of an instance."""

    model_config = STRICT
    names: ClassVar[list[str]]
    envelope: ClassVar[TypeAdapter[Any]]
    instance: ClassVar[TypeAdapter[Any]]

    instances: list[Any]

    def rows(self) -> list[Row]:
        names = self.names
        return [[instance[name] for name in names] for instance in self.instances]

    @model_validator(mode="wrap")
    @classmethod
    def _name_faults(cls, document: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        """Stop at the first faulty instance, and only then collect the faults, at most one more than is reported.

        A short body can have a hundred thousand faults, and each costs Pydantic time.
        """
        document = cls._reduced(document)
        try:
            return validate(document)
        except ValidationError as error:
            raise ValidationError.from_exception_data(error.title, cls._errors_in(document)) from None

    @classmethod
    def _reduced(cls, document: Any) -> Any:
        """The document with only as many unknown keys as can be reported: Pydantic makes an error of each."""
        document = _without_excess_keys(document, {"instances"})
        instances = document.get("instances") if isinstance(document, dict) else None
        most = len(cls.names) + MAX_FAULTS
        if isinstance(instances, list) and any(len(each) > most for each in instances if isinstance(each, dict)):
            names = set(cls.names)
            return {**document, "instances": [_without_excess_keys(each, names) for each in instances]}
        return document

    @classmethod
    def _errors_in(cls, document: Any) -> list[InitErrorDetails]:
        of_envelope = _pydantic_errors(cls.envelope, document)
        if any(error["type"] != "extra_forbidden" for error in of_envelope):
            return of_envelope
        of_instances = (
            InitErrorDetails(**{**error, "loc": ("instances", index, *error["loc"])})
            for index, instance in enumerate(document["instances"])
            for error in _pydantic_errors(cls.instance, instance)
        )
        return list(islice(chain(of_instances, of_envelope), MAX_FAULTS + 1))


def request_model(signature: Signature, max_instances: int) -> type[PredictRequest]:
    """The model of the request, built from the signature. A TypedDict allows any string as the name of a field."""
    fields = {feature.name: _field(feature) for feature in signature.features}
    instance: Any = with_config(STRICT)(typed_dict("Instance", fields))
    length: dict[str, Any] = {"min_length": 1, "max_length": max_instances}
    request = create_model(
        "PredictRequest",
        __base__=PredictRequest,
        instances=(list[instance], Field(**length, fail_fast=True, examples=[[signature.example]])),
    )
    request.names = signature.names
    request.instance = TypeAdapter(instance)
    request.envelope = TypeAdapter(create_model("Envelope", __config__=STRICT, instances=(list[Any], Field(**length))))
    return request


def invalid_request(errors: Sequence[Any]) -> Refusal:
    """The refusal for the errors that FastAPI found in a request to a route of your own."""
    # Broken JSON: Pydantic's location is then a byte of the body.
    places = [("body",) if error["type"] == "json_invalid" else error["loc"] for error in errors]
    return InvalidRequest(
        fault_at(place, error["type"], error["msg"]) for place, error in zip(places, errors, strict=True)
    )


def refusal_of(errors: Sequence[Any], signature: Signature) -> Refusal:
    """The refusal for the errors that FastAPI found in a request to `/predict`."""
    for error in errors:
        if error["loc"] in (("body",), ("body", "instances")) and error["type"] in ENVELOPE_CODES:
            return InvalidEnvelope(ENVELOPE_CODES[error["type"]])
    features = {feature.name: feature for feature in signature.features}
    faults = [_fault(error, features) for error in errors]
    is_of_instances = all(error["loc"][:2] == ("body", "instances") or _is_unknown_member(error) for error in errors)
    return InvalidInstances(faults) if is_of_instances else InvalidRequest(faults)


def _field(feature: Feature) -> Any:
    declared: Any = Literal.__getitem__(feature.categories) if feature.kind == "category" else TYPES[feature.kind]
    least, most = feature.minimum, feature.maximum
    if feature.kind in ("integer", "date"):
        least, most = bounds_of(feature)
    if least is not None or most is not None:
        declared = Annotated[declared, Field(ge=least, le=most)]
    if feature.nullable:
        declared = declared | None
    return Annotated[declared, Field(description=description_of(feature), examples=[feature.example])]


def _without_excess_keys(value: Any, known: set[str]) -> Any:
    if not isinstance(value, dict) or len(value) <= len(known) + MAX_FAULTS:
        return value
    unknown = islice((key for key in value if key not in known), MAX_FAULTS + 1)
    return {key: value[key] for key in chain(known & value.keys(), unknown)}


def _pydantic_errors(adapter: TypeAdapter[Any], value: object) -> list[InitErrorDetails]:
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return [
            InitErrorDetails(type=found["type"], loc=found["loc"], input=found["input"], ctx=found.get("ctx", {}))
            for found in error.errors(include_url=False)
        ]
    return []


def _is_unknown_member(error: Any) -> bool:
    return len(error["loc"]) == 2 and error["loc"][0] == "body" and error["type"] == "extra_forbidden"


def _fault(error: Any, features: Mapping[str, Feature]) -> Fault:
    location, type_ = error["loc"], error["type"]
    match location, type_:
        case ("body", str(member)), "extra_forbidden":
            return unknown_member(member)
        case ("body", "instances", int(index)), "dict_type":
            return not_an_object(index)
        case ("body", "instances", int(index), key), "extra_forbidden":
            return unknown_key(index, key)
        case ("body", "instances", int(index), key), _ if key in features and type_ in FAULT_CODES:
            return field_fault(_code(type_, error["input"], features[key]), index, features[key])
    fault: Fault = fault_at(location, type_, error["msg"])
    return fault


def _code(type_: str, value: object, feature: Feature) -> str:
    code = FAULT_CODES[type_]
    if type_ == "string_type" and feature.kind == "date":
        return "not_a_date"
    # An integer beyond all doubles is still a number. One beyond 64 bits, which orjson reads as a float, is an integer.
    if type_ == "float_type" and type(value) is int:
        return "out_of_range"
    if type_ == "int_type" and type(value) is float and not INT64_MIN < value <= INT64_MAX:
        code = "below_minimum" if value < 0 else "above_maximum"
    # Nobody declared the bounds of 64 bits, or of the dtype of dates.
    if feature.kind in ("integer", "date") and (code, None) in (
        ("below_minimum", feature.minimum),
        ("above_maximum", feature.maximum),
    ):
        return "out_of_range"
    return code
