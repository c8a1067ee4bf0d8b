"""A service in the process of the test, for an application that the test puts together."""

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
    """What `POST /predict` takes."""
    return {"instances": [signature.example]}


@pytest.fixture
def rows(signature: Signature) -> list[list[Any]]:
    """The same instance as the model takes it."""
    return [[signature.example[name] for name in signature.names]]
