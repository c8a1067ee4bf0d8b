"""The backends in this repository, and the port of each one."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
FIRST_PORT = 8000


def ports() -> dict[str, int]:
    """The port of each backend under `docker compose up` and `make serve`.

    A folder without `__main__.py` does not count: an update that drops a backend leaves its `__pycache__` behind.
    """
    starts = sorted(ROOT.glob("serve_*/__main__.py"))
    return {start.parent.name.removeprefix("serve_"): port for port, start in enumerate(starts, FIRST_PORT)}
