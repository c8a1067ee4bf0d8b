"""Fixtures for every test: an artifact, its signature, and a client of a service of either backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from model.artifact import Model, load
from model.packaging import save
from model.schema.signature import Signature

from .artifacts import is_recorded, package
from .estimators import save_puppet
from .operation.gate import Gate
from .services import BACKENDS, PATIENCE_S, Running, running

pytest_plugins = ["tests.schedule"]

# The tests of a single backend run only if it is here.
OF_A_BACKEND = Path(__file__).parent.glob("serve_*")
collect_ignore = [
    folder.name for folder in OF_A_BACKEND if folder.name.removeprefix("serve_") not in ["core", *BACKENDS]
]

Serve = Callable[..., Running]


@pytest.fixture(scope="session")
def served_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of `make serve`, trained if none is packaged."""
    folder = tmp_path_factory.mktemp("artifacts") / "artifact"
    package("served", folder)
    return folder


@pytest.fixture(scope="session", params=["served"])
def artifact(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact that a test serves: that of `make serve`, or one of `tests.artifacts` by the parameter."""
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


@pytest.fixture(scope="session")
def puppet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of a model that obeys commands."""
    folder = tmp_path_factory.mktemp("artifacts") / "puppet"
    save_puppet(folder)
    return folder


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """The compiled artifact of a straight line."""
    x = np.arange(6.0).reshape(-1, 1)
    save(LinearRegression().fit(x, 2 * x[:, 0]), x, tmp_path / "line")
    return tmp_path / "line"


@pytest.fixture
def gate(tmp_path: Path, serve: Serve) -> Iterator[Gate]:  # noqa: ARG001
    """Holds the puppet's calls; opened before `serve` stops the services, which then answer."""
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.open()
