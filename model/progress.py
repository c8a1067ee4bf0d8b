"""How far a long piece of work is, told to whoever wants to show it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # what is done, how much of it, how much there is


def silent(_step: str, _done: int, _total: int) -> None:
    """Shows nothing."""
