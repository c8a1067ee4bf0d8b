"""A server that fails every drill: `python -m tests.compare.careless PORT`.

It refuses every third request without `Retry-After`, keeps every connection open, and ends at once on SIGTERM.
"""

from __future__ import annotations

import signal
import socket
import sys
from itertools import count

from .scripted import answer, scripted

if __name__ == "__main__":
    numbers = count()
    kept: dict[socket.socket, socket.socket] = {}

    def refuse_some_and_keep_all(_body: bytes, connection: socket.socket) -> None:
        if connection not in kept:
            kept[connection] = connection.dup()
        connection.sendall(answer(status=503 if next(numbers) % 3 == 2 else 200))

    with scripted(refuse_some_and_keep_all, int(sys.argv[1])):
        signal.pause()
