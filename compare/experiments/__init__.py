"""What needs no load to be settled: each file asks both frameworks the same question, and counts.

An experiment returns figures by name; `claims.toml` says what they mean. None of them depends on the reader's model.
"""

from __future__ import annotations

from pathlib import Path

from model.backends import ports

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "compare" / "data"
SERVICES = ("fastapi", "flask")


class Unavailable(Exception):
    """An experiment that cannot be made here; the message is a sentence that says why."""


def need_both_services() -> None:
    """Raises: Unavailable."""
    for name in SERVICES:
        if name not in ports():
            raise Unavailable(f"serve_{name}/ is not there.")
