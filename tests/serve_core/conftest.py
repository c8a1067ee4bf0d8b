"""A service in the process of the tests, with the test's model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from model.artifact import Model
from model.schema.signature import Row, Signature
from serve_core.service import Service
from serve_core.settings import Settings

ServiceOf = Callable[..., Service]
RowsOf = Callable[[int], list[Row]]


@pytest.fixture
def service_of(model: Model) -> ServiceOf:
    """Creates a service that predicts with the given object, as if it were of the given runtime."""

    def service_of(predictor: Any, runtime: Any = "sklearn", **settings: Any) -> Service:
        return Service(replace(model, runtime=runtime, predictor=predictor), Settings(**settings))

    return service_of


@pytest.fixture
def rows_of(signature: Signature) -> RowsOf:
    """This many valid rows."""
    return lambda n_rows: [[signature.example[name] for name in signature.names]] * n_rows
