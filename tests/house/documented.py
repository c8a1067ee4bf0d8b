"""Reads from the source what a backend uses of its framework and server."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BUILT_IN = {name for kind in (str, bytes, int, float, dict, list, set, BaseException, Path) for name in dir(kind)}


def imported(package: str, libraries: set[str]) -> set[str]:
    """Every name that the package imports from these libraries, with its module."""
    found = set()
    for node in _nodes(package):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in libraries:
            found |= {f"{node.module}.{name.name}" for name in node.names}
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names if name.name.partition(".")[0] in libraries}
    return found


def attributes(package: str) -> set[str]:
    """Every attribute that the package uses and that neither this repository nor Python's built-in types define."""
    used = {node.attr for node in _nodes(package) if isinstance(node, ast.Attribute)}
    ours = set().union(*map(_defined, ("model", "serve_core", package)))
    return used - ours - BUILT_IN


def private_attributes(package: str) -> set[str]:
    """Attributes with a leading underscore that the package does not define itself."""
    ours = _defined(package)
    return {
        node.attr
        for node in _nodes(package)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.endswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls") and node.attr in ours)
        and not (isinstance(node.value, ast.Name) and node.value.id == "os")
    }


def subclassed(package: str) -> set[str]:
    """The names of the classes that the package inherits from."""
    classes = [node for node in _nodes(package) if isinstance(node, ast.ClassDef)]
    return {ast.unparse(base) for each in classes for base in each.bases} - {each.name for each in classes}


def _nodes(package: str) -> Iterator[ast.AST]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text()))


def _defined(package: str) -> set[str]:
    names = set()
    for node in _nodes(package):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
                names |= {target.attr for target in targets if isinstance(target, ast.Attribute)}
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.AnnAssign(target=ast.Attribute(attr=name)):
                names.add(name)
            case ast.Import(names=modules):
                names |= {attribute for module in modules for attribute in _of_standard_library(module.name)}
    return names


def _of_standard_library(module: str) -> list[str]:
    return dir(importlib.import_module(module)) if module.partition(".")[0] in sys.stdlib_module_names else []
