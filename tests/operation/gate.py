"""A gate at which a model call stops, so that tests wait for events and not for clocks."""

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
        """Returns when a call has reached the gate; later calls stop there, too."""
        self._held = self.path.open("wb")

    def open(self) -> None:
        """Let every call through, later ones, too."""
        if not self.path.exists():
            return
        # Opened both ways, a FIFO never blocks: calls that nobody waited for get through as well.
        held = self._held or self.path.open("r+b", buffering=0)
        self.path.unlink()
        held.close()
