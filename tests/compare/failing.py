"""A lane that refuses every third request: `python -m tests.compare.failing PORT`."""

from __future__ import annotations

import signal
import sys
from itertools import count

from .scripted import answer, scripted

if __name__ == "__main__":
    numbers = count()
    with scripted(
        lambda _, connection: connection.sendall(answer(status=503 if next(numbers) % 3 == 2 else 200)),
        int(sys.argv[1]),
    ):
        signal.pause()
