"""The curl line that packaging prints, pasted into a shell: both services answer it as packaging said."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import ExitStack

import pytest

from ..artifacts import OTHERS
from ..services import BACKENDS, running

PORTS = {"fastapi": 8000, "flask": 8001}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("name", OTHERS)
def test_the_printed_curl_line_is_answered_as_printed(name, tmp_path):
    printed = OTHERS[name](tmp_path / "artifact")
    [line] = re.findall(r"^curl .*$", printed, re.MULTILINE)
    said = json.loads(printed.splitlines()[-1])

    with ExitStack() as services:
        for backend in BACKENDS:
            port = services.enter_context(running(backend, tmp_path / "artifact")).port
            line, n_named = re.subn(rf"localhost:{PORTS[backend]}\b", f"localhost:{port}", line)
            assert n_named == 1
        run = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    answers = [json.loads(answer) for answer in run.stdout.splitlines()]
    assert len(answers) == len(BACKENDS)
    for answer in answers:
        assert values_of(answer["predictions"]) == about(values_of(said["predictions"]))


def values_of(document, path=()):
    """What is at the ends of a document, by the way to it."""
    if not isinstance(document, dict | list):
        return {path: document}
    parts = document.items() if isinstance(document, dict) else enumerate(document)
    return {key: value for name, part in parts for key, value in values_of(part, (*path, name)).items()}


def about(values):
    """Equal to these, numbers within 1e-9."""
    return {
        path: pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
        for path, value in values.items()
    }
