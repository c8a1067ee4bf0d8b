"""A client's socket, which says while the client has to be waited for: meanwhile it is another's turn."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

# As ints: to join two of Python's flags takes a microsecond.
NOW, PEEK = int(socket.MSG_DONTWAIT), int(socket.MSG_DONTWAIT | socket.MSG_PEEK)


class Client(socket.socket):
    """A socket that blocks, in the place of an accepted one."""

    def __init__(self, accepted: socket.socket, waiting: Callable[[Client], AbstractContextManager[None]]) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self._waiting = waiting

    def recv(self, n_bytes: int, flags: int = 0) -> bytes:
        try:
            return super().recv(n_bytes, flags | NOW)
        except BlockingIOError:
            with self._waiting(self):
                return super().recv(n_bytes, flags)

    def peek(self, n_bytes: int) -> bytes:
        with suppress(OSError):  # what has come is read already
            return super().recv(n_bytes, PEEK)
        return b""

    def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override]
        try:
            n_sent = self.send(data, flags | NOW)
        except BlockingIOError:
            n_sent = 0
        if n_sent < len(data):
            with self._waiting(self):
                super().sendall(memoryview(data)[n_sent:], flags)
