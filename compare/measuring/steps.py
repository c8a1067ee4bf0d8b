"""Times the steps of a request inside a service, in this process: parse, validate, predict, encode.

Each step is the function that the service itself calls, without a server, a framework or other requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Any

from model.artifact import Model
from model.schema.signature import Row, Signature
from serve_core.backends import ports
from serve_core.settings import Settings
from serve_core.wire.documents import predictions_document
from serve_core.wire.json_profile import parse

from .models import Subject

REQUESTS = 2_000
WARM_UP_REQUESTS = 100
NS_PER_US = 1_000

Validate = Callable[[Any], list[Row]]


def steps_us(artifact: Path) -> dict[str, dict[str, float]]:
    """The median time of each step by backend, for requests of one row; the backends take turns."""
    subject = Subject(artifact, [1])
    payloads = subject.requests[1].payloads
    validators = _validators(subject.model.signature)
    samples: dict[str, list[dict[str, int]]] = {name: [] for name in validators}
    for payload in islice(cycle(payloads), WARM_UP_REQUESTS + REQUESTS):
        for name, validate in validators.items():
            samples[name].append(_steps_ns(payload, validate, subject.model))
    return {name: dict(_medians_us(of_backend[WARM_UP_REQUESTS:])) for name, of_backend in samples.items()}


def _validators(signature: Signature) -> dict[str, Validate]:
    max_instances = Settings().max_instances
    found: dict[str, Validate] = {}
    if "fastapi" in ports():
        declared = import_module("serve_fastapi.validation").request_model(signature, max_instances)
        found["fastapi"] = lambda document: declared.model_validate(document).rows()
    if "flask" in ports():
        by_hand = import_module("serve_flask.validation")
        columns = by_hand.columns_of(signature)
        found["flask"] = lambda document: by_hand.rows_of(document, columns, max_instances)
    return found


def _steps_ns(payload: bytes, validate: Validate, model: Model) -> dict[str, int]:
    began = perf_counter_ns()
    document = parse(payload)
    parsed = perf_counter_ns()
    rows = validate(document)
    validated = perf_counter_ns()
    predictions = model.predict(rows)
    predicted = perf_counter_ns()
    predictions_document(predictions, model)
    encoded = perf_counter_ns()
    return {
        "parse": parsed - began,
        "validate": validated - parsed,
        "predict": predicted - validated,
        "encode": encoded - predicted,
    }


def _medians_us(samples: list[dict[str, int]]) -> Iterator[tuple[str, float]]:
    for step in samples[0]:
        yield step, median(sample[step] for sample in samples) / NS_PER_US
