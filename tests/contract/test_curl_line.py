"""The service answers the curl line that packaging prints with the printed answer."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from model.packaging.summary import URL, curl_line

from ..artifacts import FEW, OTHERS, of_every_model
from ..values import about, values_of


@of_every_model(*FEW)
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_printed_curl_line_gets_the_printed_answer(request, service, artifact, model, tmp_path):
    line, said = printed_for(request.node.callspec.params["artifact"], artifact, model, tmp_path / "artifact")
    assert line.endswith(f" {URL}")

    run = subprocess.run(["bash", "-c", line.replace(URL, f"{service.url}/predict")], capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    assert values_of(json.loads(run.stdout)["predictions"]) == about(values_of(said["predictions"]))


def printed_for(name, artifact, model, folder):
    """The line and the answer that the command would have printed, even if a script packaged the model."""
    if name in OTHERS:
        printed = OTHERS[name](folder)
        return re.findall(r"^curl .*$", printed, re.MULTILINE)[0], json.loads(printed.splitlines()[-1])
    return curl_line(model.signature, artifact), {"predictions": model.predict([[*model.signature.example.values()]])}
