"""Plants equal faults in copies of both services: which of them do types, tests and random requests find?

    python -m compare.experiments.seeded_faults

takes minutes and writes the data file that the experiment reads.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from . import DATA, ROOT, SERVICES, Unavailable, need_both_services
from .corpus import bad_bodies, documents, good_body
from .planted import FAULTS
from .subject import save_artifact, signature

FOUND = DATA / "seeded_faults.json"
DOCUMENTS = 150
SEED = 13
MEANS = ("types", "tests", "random_requests")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", ".coverage*")
# The tests that a developer would run meanwhile: they cover the answer to every request.
TESTS = [f"tests/contract/test_{name}.py" for name in ("documents", "faults", "predictions", "refusals")]
# Plugins that take longer to load than these tests take to run.
WITHOUT_PLUGINS = ("-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:pytest_cov")


def seeded_faults() -> dict[str, float]:
    """The number of faults, and for each service the share that each means finds, at the data's date."""
    if not FOUND.exists():
        raise Unavailable(f"There is no {FOUND.name}; python -m {__name__} writes it.")
    faults = json.loads(FOUND.read_text())["faults"]
    found = {"faults": float(len(faults))}
    for name in SERVICES:
        for means in MEANS:
            found[f"{name}_found_by_{means}"] = sum(fault[name][means] for fault in faults) / len(faults)
        found[f"{name}_found_by_none"] = sum(not any(fault[name].values()) for fault in faults) / len(faults)
    return found


class _Workshop:
    """A copy of the repository for faults in one service, and the service's answers without a fault."""

    def __init__(self, name: str, folder: Path) -> None:
        """Raises: SystemExit if something is found although there is no fault yet."""
        self._name = name
        self._copy, self._artifact, self._bodies = folder / "copy", folder / "artifact", folder / "bodies.json"
        shutil.copytree(ROOT, self._copy, ignore=LEFT_OUT)
        save_artifact(self._artifact)
        self._bodies.write_text(json.dumps(_bodies()))
        self.answers = self._answers()
        if finding := [means for means, has_found in self._look().items() if has_found]:
            sys.exit(f"Nothing is wrong with serve_{name} yet, and {finding[0]} find something.")

    def found(self, fault: str) -> dict[str, bool]:
        """For each means, whether it finds the fault."""
        service = f"serve_{self._name}"
        FAULTS[fault][self._name].put_into(self._copy / service)
        found = self._look()
        print(f"{fault}, {self._name}: {', '.join(means for means in found if found[means]) or 'nothing'}", flush=True)
        shutil.rmtree(self._copy / service)
        shutil.copytree(ROOT / service, self._copy / service, ignore=LEFT_OUT)
        return found

    def _look(self) -> dict[str, bool]:
        return {
            "types": self._run("mypy", "-p", f"serve_{self._name}").returncode != 0,
            "tests": self._run("pytest", "-x", "-m", "not slow", "-k", self._name, *WITHOUT_PLUGINS, *TESTS).returncode
            != 0,
            "random_requests": self._answers() != self.answers,
        }

    def _answers(self) -> str:
        return self._run("compare.experiments.answers", self._name, str(self._artifact), str(self._bodies)).stdout

    def _run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTEST"))}
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, cwd=self._copy, env=inherited, capture_output=True, text=True)


def _bodies() -> list[str]:
    """The bodies; the first one is valid."""
    drawn = islice(documents(signature(), Random(SEED)), DOCUMENTS)
    others = [*bad_bodies(signature()), *(json.dumps(each).encode() for each in drawn)]
    return [each.decode() for each in (good_body(signature()), *others)]


def main() -> None:
    need_both_services()
    with TemporaryDirectory() as folder, ThreadPoolExecutor() as threads:
        workshops = dict(
            zip(SERVICES, threads.map(lambda name: _Workshop(name, Path(folder, name)), SERVICES), strict=True)
        )
        if len({each.answers for each in workshops.values()}) > 1:
            sys.exit("The services answer differently before there is a fault.")
        of_all = threads.map(lambda each: [each.found(fault) for fault in FAULTS], workshops.values())
        found = dict(zip(SERVICES, of_all, strict=True))
    faults = [{"fault": fault} | {name: found[name][i] for name in SERVICES} for i, fault in enumerate(FAULTS)]
    versions = {package: version(package) for package in (*SERVICES, "pydantic", "mypy")}
    data = {"date": datetime.now(UTC).date().isoformat(), "versions": versions, "faults": faults}
    FOUND.write_text(json.dumps(data, indent=2) + "\n")


if __name__ == "__main__":
    main()
