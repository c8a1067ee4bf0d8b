"""What every test may ask for: an artifact, its signature, and a client of a service that does not say which it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from model.artifact import Model, load
from model.signature import Signature

from .artifacts import is_recorded, package
from .services import BACKENDS, PATIENCE_S, Running, running

pytest_plugins = ["tests.schedule"]

Serve = Callable[..., Running]


@pytest.fixture(scope="session")
def served_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make serve` serves, trained where nothing is packaged."""
    folder = tmp_path_factory.mktemp("artifacts") / "artifact"
    package("served", folder)
    return folder


@pytest.fixture(scope="session")
def artifact(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the services of a test serve: that of `make serve`, or one of `tests.artifacts`, named by the parameter."""
    name: str = getattr(request, "param", "served")
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
    """The name of a backend: only what starts services may need it."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def service(backend: str, artifact: Path) -> Iterator[Running]:
    """A service with the default settings, shared by all tests that leave it as it was."""
    with running(backend, artifact, is_recorded=is_recorded(artifact)) as service:
        yield service


@pytest.fixture(scope="session")
def client(service: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture
def serve(backend: str, artifact: Path) -> Iterator[Serve]:
    """Starts services of the backend with settings of the test's own."""
    with ExitStack() as services:

        def start(artifact: Path = artifact, **settings: Any) -> Running:
            return services.enter_context(running(backend, artifact, **settings))

        yield start


@pytest.fixture
def instance(signature: Signature) -> dict[str, Any]:
    """One valid instance, the test's own to change."""
    return signature.example
