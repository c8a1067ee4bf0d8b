"""A lane that asks its upstream for each answer: `python -m tests.compare.relaying PORT`."""

from __future__ import annotations

import os
import signal
import socket
import sys
from urllib.request import urlopen

from .scripted import answer, scripted

if __name__ == "__main__":

    def ask(_body: bytes, connection: socket.socket) -> None:
        with urlopen(os.environ["UPSTREAM_URL"]) as asked:
            connection.sendall(answer(asked.read()))

    with scripted(ask, int(sys.argv[1])):
        signal.pause()
