"""No image contains the framework of the other service."""

from __future__ import annotations

from .engine import inside

FRAMEWORKS = {
    "fastapi": {"fastapi", "starlette", "uvicorn"},
    "flask": {"flask", "werkzeug", "gunicorn"},
}
SCHEMA_LIBRARIES = {"attrs", "cattrs", "cerberus", "jsonschema", "marshmallow", "msgspec", "pydantic", "voluptuous"}


def test_contains_no_other_framework(container, backend):
    installed = inside(
        container, "from importlib.metadata import distributions as all; print(*(d.name for d in all()))"
    )
    foreign = set().union(*(names for other, names in FRAMEWORKS.items() if other != backend))
    if backend == "flask":
        foreign |= SCHEMA_LIBRARIES

    assert not foreign & set(installed.lower().replace("_", "-").split())
