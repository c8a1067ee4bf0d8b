"""A service in the process of the tests, with a model of the test's own."""

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
    """Makes a service that predicts by the given object, as if it were of the given runtime."""

    def service_of(predictor: Any, runtime: Any = "sklearn", **settings: Any) -> Service:
        return Service(replace(model, runtime=runtime, predictor=predictor), Settings(**settings))

    return service_of


@pytest.fixture
def rows_of(signature: Signature) -> RowsOf:
    """So many valid rows."""
    return lambda n_rows: [[signature.example[name] for name in signature.names]] * n_rows
