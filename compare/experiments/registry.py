"""Every experiment by its name in `claims.toml`, imported only when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ..judging.claims import Figure
from ..measuring.server import LaneError
from . import Unavailable, need_both_services

Experiment = Callable[[], Mapping[str, Figure]]
Experiments = Mapping[str, Experiment]

FILES = {
    "slow_at_once": "slow_at_once",
    "many_connections": "many_connections",
    "bad_requests": "bad_requests",
    "validations": "validations",
    "seeded_faults": "seeded_faults",
    "error_types": "errors",
    "documentation": "documentation",
    "async_views": "views",
    "websockets": "websockets",
    "background_tasks": "background_tasks",
    "oauth2": "security",
    "cookies_and_advisories": "security",
    "lines": "lines",
    "types_and_injection": "types_and_injection",
    "development": "development",
    "templates": "views",
    "differing_lines": "lines",
    "extensions": "extensions",
    "weight": "weight",
    "python_versions": "versions",
    "together": "views",
}


def _experiment(name: str, **options: Any) -> Experiment:
    def experiment() -> Mapping[str, Figure]:
        """Raises: Unavailable."""
        try:
            found: Mapping[str, Figure] = getattr(import_module(f".{FILES[name]}", __package__), name)(**options)
            return found
        except ModuleNotFoundError as missing:
            need_both_services()  # with one backend the experiment is of no use, and may have been deleted
            raise Unavailable(f"It needs {missing.name}, which is not installed.") from missing
        except LaneError as reason:
            raise Unavailable(f"Its server did not start: {reason}.") from reason

    return experiment


EXPERIMENTS: Experiments = {name: _experiment(name) for name in FILES}
# For a first impression: five thousand connections take most of a minute.
QUICK_EXPERIMENTS: Experiments = {**EXPERIMENTS, "many_connections": _experiment("many_connections", most=1_000)}
