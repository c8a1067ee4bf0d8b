"""The curl line that packaging prints, pasted into a shell: the service answers it as packaging said."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from model.summary import curl_line

from ..artifacts import OTHERS
from ..services import PORTS
from ..values import about, values_of


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_line_is_answered_as_packaging_said(request, service, artifact, model, tmp_path):
    line, said = printed_for(request.node.callspec.params["artifact"], artifact, model, tmp_path / "artifact")
    assert f"localhost:{PORTS[service.backend]}/predict" in line

    # Only this service runs.
    for backend, port in PORTS.items():
        url = f"{service.url}/predict" if backend == service.backend else ""
        line = line.replace(f"localhost:{port}/predict", url)
    run = subprocess.run(["bash", "-c", line], capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    assert values_of(json.loads(run.stdout)["predictions"]) == about(values_of(said["predictions"]))


def printed_for(name, artifact, model, folder):
    """The line and the answer; of what a script has packaged, as the command would have printed them."""
    if name in OTHERS:
        printed = OTHERS[name](folder)
        return re.findall(r"^curl .*$", printed, re.MULTILINE)[0], json.loads(printed.splitlines()[-1])
    urls = [f"localhost:{port}/predict" for port in PORTS.values()]
    return curl_line(model.signature, artifact, urls), {
        "predictions": model.predict([[*model.signature.example.values()]])
    }
