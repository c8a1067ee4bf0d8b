"""Contexts, projects and containers: what the tests ask of a Docker engine."""

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
# What an artifact of a test's own is called inside a container.
MOUNTED_ARTIFACT = "/models/mounted"


@dataclass(frozen=True)
class Project:
    """A Compose project with images, containers and ports of its own, so that runs do not collide."""

    folder: Path
    name: str

    def compose(self, *arguments: str) -> str:
        return self.run("docker", "compose", *arguments)

    def run(self, *words: str) -> str:
        """A command in its folder, whose Compose is this project's."""
        any_port = {f"{backend.upper()}{of}_PORT": "0" for backend in BACKENDS for of in ("", "_EDGE")}
        return command(*words, cwd=self.folder, env=os.environ | any_port | {"COMPOSE_PROJECT_NAME": self.name})

    def image(self, backend: str) -> str:
        return f"{self.name}-{backend}"

    @contextmanager
    def removed_at_the_end(self) -> Iterator[None]:
        """With its containers and images, whatever profile they are of."""
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
    """Skips, or fails where the engine is required, what cannot be asked for with this command."""
    try:
        command(*words)
    except (AssertionError, OSError) as error:
        reason = f"{reason}: {error}"
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def copy_context(folder: Path, *backends: str) -> None:
    """A clone with these backends only, as far as images are concerned; nobody has trained in it."""
    for name in ("compose.yaml", ".dockerignore", "docker/Dockerfile", "docker/train.lock"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in ("model", "serve_core", *(f"serve_{backend}" for backend in backends)):
        shutil.copytree(ROOT / name, folder / name)
    for backend in backends:
        shutil.copy(ROOT / f"docker/{backend}.lock", folder / "docker")


def inside(container: Container, code: str) -> str:
    """What the service's own Python prints, as the service's user."""
    exit_code, output = container.exec_run(["python", "-c", code])
    assert isinstance(output, bytes)
    assert exit_code == 0, output.decode()
    return output.decode().strip()


def asked(container: Container) -> httpx.Client:
    """A client of the container's service; each request comes on a connection of its own, to any of the workers."""
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
