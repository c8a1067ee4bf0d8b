"""A gate that a model's call stops at: "in flight" is an event, and no clock is asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


class Gate:
    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._held: BinaryIO | None = None

    def wait_for_call(self) -> None:
        """Returns when a call stands at the gate; later ones stop there too."""
        self._held = self.path.open("wb")

    def open(self) -> None:
        """Let every call through, those that come later too."""
        if not self.path.exists():
            return
        # One that has come while nobody waited for it is let through as well: opened both ways, a FIFO never blocks.
        held = self._held or self.path.open("r+b", buffering=0)
        self.path.unlink()
        held.close()
