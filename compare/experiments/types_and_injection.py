"""What an editor and a test know about a handler: the types of its input, and how to replace a dependency."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from . import ROOT, Unavailable
from .clients import ask

APPS = Path(__file__).parent / "apps"
FRAMEWORKS = ("fastapi", "flask")


def types_and_injection() -> dict[str, float]:
    """Strict type errors of equal handlers; whether they show a misspelt field, and a test replaces a dependency."""
    if find_spec("mypy") is None:
        raise Unavailable("mypy is not installed.")
    found = {}
    with TemporaryDirectory() as folder:
        for name in FRAMEWORKS:
            right = (APPS / f"typed_{name}.py").read_text()
            wrong = right.replace("row.legs", "row.leg").replace('row["legs"]', 'row["leg"]')
            assert wrong != right
            Path(folder, f"right_{name}.py").write_text(right)
            Path(folder, f"wrong_{name}.py").write_text(wrong)
        errors = _type_errors(Path(folder))
    for name in FRAMEWORKS:
        found[f"{name}_type_errors"] = float(sum(f"right_{name}.py" in each for each in errors))
        found[f"{name}_finds_misspelt_field"] = float(any(f"wrong_{name}.py" in each for each in errors))
    return found | {"fastapi_replaces_a_dependency": float(_replaces_a_dependency())}


def _type_errors(folder: Path) -> list[str]:
    """The type errors of all files in the folder, in one run."""
    cache = ROOT / ".mypy_cache" / "experiments"
    files = sorted(folder.glob("*.py"))
    asked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", cache, *files],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if asked.returncode not in (0, 1):
        raise Unavailable(f"mypy failed: {asked.stderr.strip() or asked.stdout.strip()}")
    return [line for line in asked.stdout.splitlines() if ": error:" in line]


def _replaces_a_dependency() -> bool:
    """Whether a handler gets the replacement of a dependency that it declares."""
    typed = import_module(".apps.typed_fastapi", __package__)
    typed.app.dependency_overrides[typed.factor] = lambda: 10.0
    try:
        return bool(ask(typed.app, "POST", "/predict", json={"mass_kg": 1.0, "legs": 2}).json() == {"value": 30.0})
    finally:
        typed.app.dependency_overrides.clear()
