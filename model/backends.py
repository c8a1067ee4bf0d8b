"""The backends that are here, and where each is served."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
FIRST_PORT = 8000


def ports() -> dict[str, int]:
    """By backend, those of `docker compose up` and `make serve`.

    What is left of a backend that a project has dropped does not count: an update leaves `__pycache__` where it was.
    """
    starts = sorted(ROOT.glob("serve_*/__main__.py"))
    return {start.parent.name.removeprefix("serve_"): port for port, start in enumerate(starts, FIRST_PORT)}
