"""Images and containers of a real engine. Without one, these tests are skipped, or fail with REQUIRE_DOCKER=1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest
from docker.models.containers import Container

from ..leftovers import run_if_killed
from ..services import BACKENDS, eventually
from . import gated
from .engine import MOUNTED_ARTIFACT, PORT, Project, asked, copy_chosen_model, copy_context, require
from .gated import GATE, save_gated

Start = Callable[..., Container]


@pytest.fixture(scope="session")
def compose() -> None:
    """Docker Compose, which needs no engine to read its file."""
    require("no Docker Compose is here", "docker", "compose", "version")


@pytest.fixture(scope="session")
def engine(compose: None) -> Iterator[docker.DockerClient]:  # noqa: ARG001
    require("no Docker engine answers", "docker", "version")
    engine = docker.from_env()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def project(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:  # noqa: ARG001
    """`docker compose up` in a fresh clone: every service up and healthy."""
    project = Project(tmp_path_factory.mktemp("clone"), f"test-{uuid4().hex[:8]}")
    copy_context(project.folder, *BACKENDS)
    copy_chosen_model(project.folder)
    with project.removed_at_the_end():
        project.compose("up", "--detach", "--wait", *BACKENDS)
        yield project


@pytest.fixture
def composed(engine: docker.DockerClient, project: Project) -> dict[str, Container]:
    """The containers of the project, by backend."""
    return {backend: engine.containers.get(project.compose("ps", "--quiet", backend)) for backend in BACKENDS}


@pytest.fixture
def container(composed: dict[str, Container], backend: str) -> Container:
    return composed[backend]


@pytest.fixture
def start(engine: docker.DockerClient, project: Project, backend: str) -> Iterator[Start]:
    """Starts containers of the backend's image, locked down as in compose.yaml, and removes them at the end."""
    with ExitStack() as containers:

        def start(
            image: str = project.image(backend), mounts: dict[Path, str] | None = None, **settings: Any
        ) -> Container:
            container: Container = engine.containers.run(
                image,
                detach=True,
                read_only=True,
                tmpfs={"/tmp": ""},
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                ports={f"{PORT}/tcp": None},
                volumes={str(source): {"bind": target, "mode": "ro"} for source, target in (mounts or {}).items()},
                environment={f"SERVE_{name.upper()}": str(value) for name, value in settings.items()},
            )
            containers.callback(container.remove, force=True)
            containers.enter_context(run_if_killed(f"docker rm --force {container.id}"))
            return container

        yield start


@pytest.fixture
def serve(start: Start) -> Start:
    """Starts containers like `start`, and returns when they serve."""

    def serve(**options: Any) -> Container:
        container = start(**options)

        def listens() -> bool:
            container.reload()
            assert container.status == "running", container.logs()
            return b'"listening"' in container.logs()

        eventually(listens)
        with asked(container) as client:
            assert client.get("/readyz").status_code == 200
        return container

    return serve


@pytest.fixture(scope="session")
def gated_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gated") / "artifact"
    save_gated(folder)
    return folder


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The folder in which a gated model checks whether it may answer."""
    folder = tmp_path / "gate"
    folder.mkdir()
    return folder


@pytest.fixture
def serve_gated(serve: Start, gated_artifact: Path, gate: Path) -> Start:
    """Starts containers that serve the gated model, with a deadline that no test reaches."""
    module = Path("/app", *gated.__name__.split(".")).with_suffix(".py")
    mounts = {gated_artifact: MOUNTED_ARTIFACT, gate: str(GATE), Path(gated.__file__): str(module)}

    def serve_gated(**settings: Any) -> Container:
        return serve(mounts=mounts, artifact=MOUNTED_ARTIFACT, deadline_ms=200_000, **settings)

    return serve_gated
