"""Fixtures for every test: an artifact, its signature, and a client of a service of either backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from model.artifact import Model, load
from model.schema.signature import Signature

from .artifacts import is_recorded, package
from .services import BACKENDS, PATIENCE_S, Running, running

# The tests of the engine, where they are, need more models and fixtures.
OF_THE_ENGINE = ["tests.engine"] if Path(__file__).with_name("engine.py").exists() else []
pytest_plugins = ["tests.schedule", *OF_THE_ENGINE]

Serve = Callable[..., Running]


@pytest.fixture(scope="session")
def served_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of `make serve`, trained if none is packaged."""
    folder = tmp_path_factory.mktemp("artifacts") / "artifact"
    package("served", folder)
    return folder


@pytest.fixture(scope="session", params=["served"])
def artifact(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact that a test serves: that of `make serve`, or of another model by the parameter."""
    name: str = request.param
    if name == "served":
        served: Path = request.getfixturevalue("served_artifact")
        return served
    folder = tmp_path_factory.mktemp("artifacts") / name
    package(name, folder)
    return folder


@pytest.fixture(scope="session")
def model(artifact: Path) -> Model:
    return load(artifact)


@pytest.fixture(scope="session")
def signature(model: Model) -> Signature:
    return model.signature


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of a backend; only fixtures that start services should need it."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def service(backend: str, artifact: Path) -> Iterator[Running]:
    """A service with default settings, shared by all tests that do not change it."""
    with running(backend, artifact, is_recorded=is_recorded(artifact)) as service:
        yield service


@pytest.fixture(scope="session")
def client(service: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture
def serve(backend: str, request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Starts services of the backend with the test's settings; the default model is that of `make serve`."""
    with ExitStack() as services:

        def start(artifact: Path | None = None, **settings: Any) -> Running:
            artifact = artifact or request.getfixturevalue("served_artifact")
            return services.enter_context(running(backend, artifact, **settings))

        yield start


@pytest.fixture
def instance(signature: Signature) -> dict[str, Any]:
    """A valid instance that the test may change."""
    return signature.example
