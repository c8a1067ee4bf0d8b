"""A service in the process of the test, for an application that the test builds."""

from __future__ import annotations

from typing import Any

import pytest

from model.artifact import Model
from model.schema.signature import Signature
from serve_core.service import Service
from serve_core.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings(access_log=False)


@pytest.fixture
def model_service(model: Model, settings: Settings) -> Service:
    return Service(model, settings)


@pytest.fixture
def body(signature: Signature) -> dict[str, Any]:
    """A valid body of `POST /predict`."""
    return {"instances": [signature.example]}


@pytest.fixture
def rows(signature: Signature) -> list[list[Any]]:
    """The same instance as a row."""
    return [[signature.example[name] for name in signature.names]]
