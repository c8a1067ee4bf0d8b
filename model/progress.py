"""The callback that reports the progress of a long job."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # the step, how much of it is done, and the total


def silent(_step: str, _done: int, _total: int) -> None:
    """Show nothing."""
