"""The weight of a framework: packages, megabytes, the time and memory of an import; alone, and in our service."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from statistics import median

from serve_core.backends import ports

from . import ROOT, need_both_services
from .installed import megabytes, needed_by

FRAMEWORKS = ("fastapi", "flask")
IMPORTS = 3
IMPORT = r"""
import json, re, time
started_s = time.perf_counter()
import {modules}
took_s = time.perf_counter() - started_s
held_kib = re.search(r"VmRSS:\s+(\d+)", open("/proc/self/status").read())[1]
print(json.dumps([took_s, int(held_kib) / 1024]))
"""
PATIENCE_S = 10


def weight() -> dict[str, float]:
    """FastAPI's figures divided by Flask's, then those of each: alone, and with the packages of its service."""
    need_both_services()
    found = {name: _alone(name) | _served(name) for name in FRAMEWORKS}
    ratios = {what: found["fastapi"][what] / found["flask"][what] for what in found["flask"]}
    return ratios | {f"{name}_{what}": figure for name in FRAMEWORKS for what, figure in found[name].items()}


def weights() -> dict[str, dict[str, float | None]]:
    """For the services that can run here: packages, megabytes, and those of the image if Docker has one."""
    return {
        name: {
            "packages": float(len(needed_by(*_served_with(name)))),
            "megabytes": megabytes(needed_by(*_served_with(name))),
            "image_megabytes": image_megabytes(name),
        }
        for name in FRAMEWORKS
        if name in ports() and find_spec(name)
    }


def image_megabytes(name: str) -> float | None:
    """The size of the image that `docker compose build` made of a service; None without an image or Docker."""
    image = _said_by("docker", "compose", "config", "--images", name)
    size = image and _said_by("docker", "image", "inspect", "--format", "{{.Size}}", image)
    return int(size) / 2**20 if size else None


def _alone(name: str) -> dict[str, float]:
    packages = needed_by(name)
    import_s, memory_mib = _import(name)
    return {
        "alone_packages": float(len(packages)),
        "alone_megabytes": megabytes(packages),
        "alone_import_s": import_s,
        "alone_memory_mib": memory_mib,
    }


def _served(name: str) -> dict[str, float]:
    packages = needed_by(*_served_with(name))
    import_s, memory_mib = _import(f"sklearn.pipeline, pandas, onnxruntime, {name}")
    return {
        "served_packages": float(len(packages)),
        "served_megabytes": megabytes(packages),
        "served_import_s": import_s,
        "served_memory_mib": memory_mib,
    }


def _served_with(name: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"][name]]


def _import(modules: str) -> tuple[float, float]:
    """The median seconds and MiB of interpreters that import nothing else."""
    command = [sys.executable, "-c", IMPORT.format(modules=modules)]
    runs = [json.loads(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(IMPORTS)]
    times_s, memories_mib = zip(*runs, strict=True)
    return median(times_s), median(memories_mib)


def _said_by(*command: str) -> str:
    """The output of the program; empty if it fails."""
    try:
        asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
