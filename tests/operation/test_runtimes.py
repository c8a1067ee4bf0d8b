"""Which runtime predicts, as the log and `/model` report it."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from model.artifact import load
from model.artifact.files import COMPILED

from ..services import PATIENCE_S


def said_and_answered(service):
    """The runtime in the log and in `/model`, and the prediction for 4."""
    logged = service.logged("serving")
    with httpx.Client(base_url=service.url, timeout=PATIENCE_S) as client:
        described = client.get("/model").json()["runtime"]
        prediction = client.post("/predict", json={"instances": [{"x0": 4.0}]}).json()["predictions"][0]
    assert described == {"name": logged["runtime"], "reason": logged["reason"]}
    return described["name"], described["reason"], prediction["value"]


def loaded(service):
    """The packages whose native libraries a process of the service has loaded."""
    maps = ""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # the process has ended
            if os.getpgid(int(folder.name)) == service.process.pid:
                maps += (folder / "maps").read_text()
    return set(re.findall(r"/site-packages/(\w+)/", maps))


@pytest.mark.parametrize("runtime", ["auto", pytest.param("onnx", marks=pytest.mark.slow)])
def test_runs_the_compiled_model(serve, line, runtime):
    name, reason, value = said_and_answered(serve(line, runtime=runtime))

    assert (name, reason) == ("onnx", load(line).manifest.parity.finding)
    assert value == pytest.approx(8)


def test_runs_scikit_learn_on_request(serve, line):
    name, reason, value = said_and_answered(serve(line, runtime="sklearn"))

    assert (name, reason) == ("sklearn", "it was requested")
    assert value == pytest.approx(8)


@pytest.mark.slow
def test_loads_scikit_learn_and_pandas_only_for_their_runtime(serve, line):
    """They take a second to import, and 100 MB."""
    used = {}
    for runtime in ("onnx", "sklearn"):
        service = serve(line, runtime=runtime)
        said_and_answered(service)
        used[runtime] = loaded(service) & {"onnxruntime", "pandas", "sklearn"}

    assert used == {"onnx": {"onnxruntime"}, "sklearn": {"onnxruntime", "pandas", "sklearn"}}


@pytest.mark.slow
def test_runs_scikit_learn_if_the_compiled_model_is_damaged(serve, line):
    (line / COMPILED).write_bytes(b"")

    service = serve(line)

    name, reason, value = said_and_answered(service)
    assert name == "sklearn"
    assert reason.startswith(f"{line / COMPILED} is not the file that was packaged")
    assert value == pytest.approx(8)
    service.logged(f"line runs on scikit-learn: {reason}")


@pytest.mark.slow
def test_each_worker_runs_the_compiled_model(serve, line):
    service = serve(line, workers=2)

    answers = [said_and_answered(service) for _ in range(20)]

    assert [(name, value) for name, _, value in answers] == [("onnx", pytest.approx(8))] * 20
