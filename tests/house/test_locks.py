"""The locks agree, and contain only pinned packages."""

from __future__ import annotations

import re
import tomllib

import pytest

from ..services import ROOT

LOCKS = {path.relative_to(ROOT): path.read_text() for path in [ROOT / "dev.lock", *sorted(ROOT.glob("*/*.lock"))]}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<pin>[^\\\n]+?)(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n", re.M
)


@pytest.mark.parametrize("path", LOCKS, ids=str)
def test_locks_contain_only_pinned_packages(path):
    assert ENTRY.sub("", LOCKS[path]) == ""
    assert PROJECT["project"]["name"] not in {entry["name"] for entry in ENTRY.finditer(LOCKS[path])}


def test_locks_pin_the_same_versions():
    pins: dict[str, dict[str, str]] = {}
    for lock in LOCKS.values():
        of_lock: dict[str, dict[str, str]] = {}
        for entry in ENTRY.finditer(lock):
            of_lock.setdefault(entry["name"], {})[entry["pin"].partition(" ; ")[0]] = entry["hashes"]
        for name, versions in of_lock.items():
            assert pins.setdefault(name, versions) == versions, name
