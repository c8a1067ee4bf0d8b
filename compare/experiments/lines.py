"""How much code it is, and how much of it the services do not share. Comments, docstrings and blanks do not count."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

from ..server import ROOT

LANES = ROOT / "compare" / "lanes"
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.While, ast.BoolOp, ast.ExceptHandler, ast.comprehension, ast.match_case)


def lines() -> dict[str, float]:
    """Of an empty handler, of one that validates, and of the service as it ships."""
    found = {}
    for name in ("fastapi", "flask"):
        found[f"{name}_hello"] = _count([LANES / f"{name}_empty.py"])
        found[f"{name}_validated"] = _count([LANES / f"minimal_{name}.py"])
        found[f"{name}_production"] = _count((ROOT / f"serve_{name}").glob("*.py"))
    return found


def lines_by_file() -> dict[str, dict[str, int]]:
    """Of the two services, file by file."""
    return {
        name: {path.name: len(code_lines(path)) for path in sorted((ROOT / f"serve_{name}").glob("*.py"))}
        for name in ("fastapi", "flask")
    }


def differing_lines() -> dict[str, float]:
    """Of the lines of Flask's routes, the share that FastAPI's do not have; the same of the whole service."""
    return {
        "routes_differ": _share_that_differs("routes.py"),
        "services_differ": _share_that_differs("*.py"),
    }


def validations() -> dict[str, float]:
    """How much longer and more branched the hand-written validation is than the declared one."""
    fastapi, flask = (ROOT / f"serve_{name}" / "validation.py" for name in ("fastapi", "flask"))
    return {
        "lines_ratio": len(code_lines(flask)) / len(code_lines(fastapi)),
        "branches_ratio": _n_branches(flask) / _n_branches(fastapi),
    }


def code_lines(path: Path) -> list[str]:
    """What is left of a file when it is parsed and written anew, in which a statement is a line or more."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            is_documented = ast.get_docstring(node) is not None
            node.body = node.body[is_documented:] or [ast.Pass()]
    return [line for line in ast.unparse(ast.fix_missing_locations(tree)).splitlines() if line.strip()]


def _count(paths: Iterable[Path]) -> float:
    return float(sum(len(code_lines(path)) for path in paths))


def _share_that_differs(pattern: str) -> float:
    fastapi, flask = (
        [line for path in sorted((ROOT / f"serve_{name}").glob(pattern)) for line in code_lines(path)]
        for name in ("fastapi", "flask")
    )
    alike = sum(block.size for block in SequenceMatcher(None, flask, fastapi, autojunk=False).get_matching_blocks())
    return 1 - alike / len(flask)


def _n_branches(path: Path) -> int:
    return sum(isinstance(node, BRANCHES) for node in ast.walk(ast.parse(path.read_text())))
