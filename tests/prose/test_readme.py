"""README.md is true: its commands run."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import count

import httpx
import pytest

from ..house.copies import copy_of_repository, environment, making
from ..services import BACKENDS, PATIENCE_S, PORTS, ROOT
from .examples import answers, needs, shown
from .pages import PAGES, blocks


@needs("curl")
def test_every_service_answers_the_curl_command_as_printed(ports):
    [command] = [block for block in blocks("README.md", "sh") if block.startswith("curl ")]
    [printed] = blocks("README.md", "json")

    first, *others = answers(command, ports)

    assert others == [first] * (len(BACKENDS) - 1)
    assert shown(json.loads(first)) == json.loads(printed)


@pytest.mark.slow
def test_make_serve_runs_every_service(tmp_path):
    """In a fresh clone with the environment of this one, it trains, serves and stops."""
    with making(copy_of_repository(tmp_path), "serve", "PORT=0") as listening:
        texts = {httpx.get(f"http://127.0.0.1:{next(listening)}/model", timeout=PATIENCE_S).text for _ in BACKENDS}
        assert len(texts) == 1


def test_make_serve_uses_the_ports_in_the_readme():
    run = subprocess.run(["make", "-n", "serve"], cwd=ROOT, env=environment(), capture_output=True, text=True)

    [first] = re.findall(r"\bport=(\d+);", run.stdout)
    assert dict(zip(BACKENDS, count(int(first)), strict=False)) == PORTS
    assert all(f"localhost:{port}/predict" in PAGES["README.md"] for port in PORTS.values())
