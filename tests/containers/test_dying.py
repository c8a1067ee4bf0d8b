"""If a model crashes in native code, the container's log shows the stack, and the service restarts."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from ..services import eventually
from . import deadly
from .deadly import DEADLY, save_mortal
from .engine import MOUNTED_ARTIFACT, asked


@pytest.fixture(scope="module")
def mortal(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mortal") / "artifact"
    save_mortal(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_crash_shows_the_stack_and_the_service_restarts(serve, mortal, workers):
    module = Path("/app", *deadly.__name__.split(".")).with_suffix(".py")
    container = serve(
        mounts={mortal: MOUNTED_ARTIFACT, Path(deadly.__file__): str(module)},
        artifact=MOUNTED_ARTIFACT,
        workers=workers,
    )
    container.update(restart_policy={"Name": "unless-stopped"})  # as in compose.yaml
    with asked(container) as client, pytest.raises(httpx.TransportError):
        client.post("/predict", json={"instances": [{"x": DEADLY}]})

    eventually(lambda: b"Fatal Python error: Segmentation fault" in container.logs())
    eventually(lambda: b" in predict\n" in container.logs())
    assert str(DEADLY).encode() not in container.logs()
    eventually(lambda: answers(container))


def answers(container):
    try:
        with asked(container) as client:
            return client.post("/predict", json={"instances": [{"x": 0.5}]}).status_code == 200
    except (httpx.TransportError, AssertionError, KeyError):  # it restarts, and has no port meanwhile
        return False
