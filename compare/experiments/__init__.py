"""Experiments that need no load: each file asks both frameworks the same question, and counts.

An experiment returns figures by name; `claims.toml` says what they mean. No experiment depends on the reader's model.
"""

from __future__ import annotations

from pathlib import Path

from serve_core.backends import ports

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "compare" / "data"
SERVICES = ("fastapi", "flask")


class Unavailable(Exception):
    """An experiment cannot run here; the message says why."""


def need_both_services() -> None:
    """Raises: Unavailable."""
    for name in SERVICES:
        if name not in ports():
            raise Unavailable(f"serve_{name}/ does not exist.")
