"""Counts lines of code, and those that the services do not share. Comments, docstrings and blanks do not count."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

from serve_core.backends import ports

from . import ROOT, SERVICES, need_both_services

LANES = ROOT / "compare" / "lanes"
SHARED = ("model", "serve_core")
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.While, ast.BoolOp, ast.ExceptHandler, ast.comprehension, ast.match_case)


def lines() -> dict[str, float]:
    """The lines of an empty handler, of one that validates a batch, and of the service with the shared core."""
    need_both_services()
    found = {}
    for name in SERVICES:
        found[f"{name}_hello"] = _count([LANES / f"{name}_empty.py"])
        found[f"{name}_validated"] = _count([LANES / f"minimal_{name}.py"])
        found[f"{name}_production"] = _count((ROOT / f"serve_{name}").glob("*.py"))
    return found


def differing_lines() -> dict[str, float]:
    """The share of Flask's lines that FastAPI does not have: in the routes, the service, and with the shared core."""
    need_both_services()
    service = _lines_of_service("flask", "*.py")
    alike = _n_alike(service, _lines_of_service("fastapi", "*.py"))
    routes = _lines_of_service("flask", "routes.py")
    return {
        "routes_differ": 1 - _n_alike(routes, _lines_of_service("fastapi", "routes.py")) / len(routes),
        "services_differ": 1 - alike / len(service),
        "of_all_differ": (len(service) - alike) / (len(service) + core_lines()),
    }


def lines_by_file() -> dict[str, dict[str, int]]:
    """The lines of the services that are here, file by file."""
    return {
        name: {path.name: len(code_lines(path)) for path in sorted((ROOT / f"serve_{name}").glob("*.py"))}
        for name in SERVICES
        if name in ports()
    }


def core_lines() -> int:
    """The lines that both services share, including the model's package."""
    return int(sum(_count((ROOT / folder).rglob("*.py")) for folder in SHARED))


def code_lines(path: Path) -> list[str]:
    """The lines of a file after it is parsed and written again, where a statement takes one line or more."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            is_documented = ast.get_docstring(node) is not None
            node.body = node.body[is_documented:] or [ast.Pass()]
    return [line for line in ast.unparse(ast.fix_missing_locations(tree)).splitlines() if line.strip()]


def n_branches(path: Path) -> int:
    return sum(isinstance(node, BRANCHES) for node in ast.walk(ast.parse(path.read_text())))


def _count(paths: Iterable[Path]) -> float:
    return float(sum(len(code_lines(path)) for path in paths))


def _lines_of_service(name: str, pattern: str) -> list[str]:
    return [line for path in sorted((ROOT / f"serve_{name}").glob(pattern)) for line in code_lines(path)]


def _n_alike(one: list[str], other: list[str]) -> int:
    return sum(block.size for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks())
