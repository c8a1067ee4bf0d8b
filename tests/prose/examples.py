"""Examples of a page, run against services on other ports than those printed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def with_ports(text: str, ports: Mapping[int, int]) -> str:
    for printed, port in ports.items():
        text = text.replace(f"localhost:{printed}", f"localhost:{port}")
    return text


def answers(command: str, ports: Mapping[int, int]) -> list[str]:
    """The lines that a `curl` command prints."""
    return output(["bash", "-c", with_ports(command, ports)]).splitlines()


def printed_by(program: str, command: list[str], path: Path, ports: Mapping[int, int]) -> str:
    """The output of a program that is written to the path."""
    path.write_text(with_ports(program, ports))
    return output([*command, str(path)])


def output(command: list[str]) -> str:
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def shown(answer: Any) -> Any:
    """An answer in the short form of the pages: four decimals, and no digest in the version."""
    if isinstance(answer, float):
        return round(answer, 4)
    if isinstance(answer, dict):
        return {key: shown(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [shown(value) for value in answer]
    return re.sub(r"-[0-9a-f]{12}$", "-...", answer) if isinstance(answer, str) else answer
