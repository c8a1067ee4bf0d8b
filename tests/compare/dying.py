"""A lane that dies at its fiftieth request: `python -m tests.compare.dying PORT`."""

from __future__ import annotations

import os
import signal
import socket
import sys
from itertools import count

from .scripted import answer, scripted

if __name__ == "__main__":
    numbers = count(1)

    def answer_and_die(_body: bytes, connection: socket.socket) -> None:
        if next(numbers) == 50:
            print("There is no more memory.", flush=True)
            os._exit(3)
        connection.sendall(answer())

    with scripted(answer_and_die, int(sys.argv[1])):
        signal.pause()
