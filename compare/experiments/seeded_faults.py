"""Of equal faults in copies of both services, which the types, the tests and random requests find.

    python -m compare.experiments.seeded_faults

takes minutes, and writes the data file that the experiment reads.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from . import DATA, ROOT, Unavailable, need_both_services
from .planted import FAULTS

FOUND = DATA / "seeded_faults.json"
SERVICES = ("fastapi", "flask")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", ".coverage*")
# What a person would run while at it: they say what every request is answered.
TESTS = [f"tests/contract/test_{name}.py" for name in ("documents", "predictions", "refusals", "json_profile")]


def seeded_faults() -> dict[str, float]:
    """How many faults there are, and of each service's the share that each means finds, on the data's date."""
    if not FOUND.exists():
        raise Unavailable(f"There is no {FOUND.name}; python -m {__name__} writes it.")
    faults = json.loads(FOUND.read_text())["faults"]
    found = {"faults": float(len(faults))}
    for name in SERVICES:
        for means in MEANS:
            found[f"{name}_found_by_{means}"] = sum(fault[name][means] for fault in faults) / len(faults)
        found[f"{name}_found_by_none"] = sum(not any(fault[name].values()) for fault in faults) / len(faults)
    return found


def _types_complain(copy: Path, name: str) -> bool:
    return _run(copy, "mypy", "-p", f"serve_{name}").returncode != 0


def _tests_fail(copy: Path, name: str) -> bool:
    return _run(copy, "pytest", "-q", "-x", "-k", name, *TESTS).returncode != 0


def _answers_differ(copy: Path, _: str) -> bool:
    asked = _run(copy, "compare.experiments.differing_answers")
    return asked.returncode != 0 or int(asked.stdout) > 0


MEANS: Mapping[str, Callable[[Path, str], bool]] = {
    "types": _types_complain,
    "tests": _tests_fail,
    "random_requests": _answers_differ,
}


def _run(copy: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTEST"))}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=copy, env=inherited | {"ARTIFACTS": "served"}, capture_output=True, text=True)


def main() -> None:
    need_both_services()
    with TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        for name in SERVICES:
            if finding := [means for means, finds in MEANS.items() if finds(copy, name)]:
                sys.exit(f"Nothing is wrong with serve_{name} yet, and {finding[0]} find something.")
        faults = [{"fault": fault} | {name: _found(copy, fault, name) for name in SERVICES} for fault in FAULTS]
    versions = {package: version(package) for package in (*SERVICES, "pydantic", "mypy")}
    data = {"date": datetime.now(UTC).date().isoformat(), "versions": versions, "faults": faults}
    FOUND.write_text(json.dumps(data, indent=2) + "\n")


def _found(copy: Path, fault: str, name: str) -> dict[str, bool]:
    service = copy / f"serve_{name}"
    FAULTS[fault][name].put_into(service)
    found = {means: finds(copy, name) for means, finds in MEANS.items()}
    print(f"{fault}, {name}: {', '.join(means for means in found if found[means]) or 'nothing'}", flush=True)
    shutil.rmtree(service)
    shutil.copytree(ROOT / service.name, service, ignore=LEFT_OUT)
    return found


if __name__ == "__main__":
    main()
