"""Build contexts, projects and containers of a Docker engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker.models.containers import Container

from ..leftovers import run_if_killed
from ..services import BACKENDS, PATIENCE_S, ROOT

PORT = 8000
# The path of a test's artifact inside a container.
MOUNTED_ARTIFACT = "/models/mounted"


@dataclass(frozen=True)
class Project:
    """A Compose project with its own images, containers and ports, so that runs do not collide."""

    folder: Path
    name: str

    def compose(self, *arguments: str) -> str:
        return self.run("docker", "compose", *arguments)

    def run(self, *words: str) -> str:
        """Runs a command in its folder, with this Compose project."""
        any_port = {f"{backend.upper()}{of}_PORT": "0" for backend in BACKENDS for of in ("", "_EDGE")}
        return command(*words, cwd=self.folder, env=os.environ | any_port | {"COMPOSE_PROJECT_NAME": self.name})

    def image(self, backend: str) -> str:
        return f"{self.name}-{backend}"

    @contextmanager
    def removed_at_the_end(self) -> Iterator[None]:
        """Removes its containers and images at the end, of every profile."""
        with run_if_killed(f"docker compose --project-name {self.name} down --remove-orphans --rmi local"):
            try:
                yield
            finally:
                self.compose("--profile", "*", "down", "--rmi", "local")


def command(*words: str, **options: Any) -> str:
    finished = subprocess.run(words, capture_output=True, **options)
    assert finished.returncode == 0, finished.stderr.decode()
    output: str = finished.stdout.decode().strip()
    return output


def require(reason: str, *words: str) -> None:
    """Skips the test if this command fails, or fails it if the engine is required."""
    try:
        command(*words)
    except (AssertionError, OSError) as error:
        reason = f"{reason}: {error}"
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def copy_context(folder: Path, *backends: str) -> None:
    """Copies the parts of a clone that images need, with these backends only and without a model of one's own."""
    for name in ("compose.yaml", ".dockerignore", "docker/Dockerfile", "docker/train.lock"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in ("model", "serve_core", *(f"serve_{backend}" for backend in backends)):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("artifact.toml"))
    for backend in backends:
        shutil.copy(ROOT / f"docker/{backend}.lock", folder / "docker")


def copy_chosen_model(folder: Path) -> None:
    """Copies the model that this project serves, if it is not the example."""
    if (ROOT / "model/artifact.toml").exists():
        shutil.copy(ROOT / "model/artifact.toml", folder / "model")
        shutil.copytree(ROOT / "artifact", folder / "artifact")


def inside(container: Container, code: str) -> str:
    """The output of the service's Python, as the service's user."""
    exit_code, output = container.exec_run(["python", "-c", code])
    assert isinstance(output, bytes)
    assert exit_code == 0, output.decode()
    return output.decode().strip()


def asked(container: Container) -> httpx.Client:
    """A client of the container's service; each request uses a new connection, to any of the workers."""
    container.reload()
    published = container.ports[f"{PORT}/tcp"]
    assert published
    return httpx.Client(
        base_url=f"http://127.0.0.1:{published[0]['HostPort']}",
        timeout=PATIENCE_S,
        headers={"Connection": "close"},
    )


def example_of(client: httpx.Client) -> dict[str, Any]:
    """A body that the served model can predict."""
    features = client.get("/model").json()["signature"]["features"]
    return {"instances": [{feature["name"]: feature["example"] for feature in features}]}


def metric(client: httpx.Client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.removeprefix(f"{name} ")) for line in lines if line.startswith(f"{name} "))
