"""README.md is true: its commands run."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import count

from ..house.copies import environment
from ..services import BACKENDS, PORTS, ROOT
from .examples import answers, needs, shown
from .pages import PAGES, blocks


@needs("curl")
def test_every_service_answers_the_curl_command_as_printed(ports):
    [command] = [block for block in blocks("README.md", "sh") if block.startswith("curl ")]
    [printed] = blocks("README.md", "json")

    first, *others = answers(command, ports)

    assert others == [first] * (len(BACKENDS) - 1)
    assert shown(json.loads(first)) == json.loads(printed)


def test_make_serve_uses_the_ports_in_the_readme():
    run = subprocess.run(["make", "-n", "serve"], cwd=ROOT, env=environment(), capture_output=True, text=True)

    [first] = re.findall(r"\bport=(\d+);", run.stdout)
    assert dict(zip(BACKENDS, count(int(first)), strict=False)) == PORTS
    assert all(f"localhost:{port}/predict" in PAGES["README.md"] for port in PORTS.values())
