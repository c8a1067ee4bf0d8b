"""Requests as bytes on a connection, including those that no HTTP client library sends."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse

from .services import PATIENCE_S

N_TRIES = 3


@dataclass(frozen=True)
class Request:
    """
    Attributes:
        is_chunked: send the body in two chunks instead of with its length.
    """

    method: str = "POST"
    path: str = "/predict"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    body: bytes = field(default=b"", repr=True)
    is_chunked: bool = False

    def to_bytes(self) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if not self.is_chunked:
            return _head([*lines, f"Content-Length: {len(self.body)}"]) + self.body
        half = len(self.body) // 2
        chunks = b"".join(_chunk(part) for part in (self.body[:half], self.body[half:]) if part)
        return _head([*lines, "Transfer-Encoding: chunked"]) + chunks + _chunk(b"")


@dataclass(frozen=True)
class Answer:
    """The parts of an answer that the contract promises."""

    status: int
    headers: dict[str, str | None]
    body: bytes


PROMISED = ("Content-Type", "Allow", "Retry-After", "X-Request-ID")


class Connection:
    """One connection, kept as long as the service keeps it.

    Attributes:
        broken: the errors of connections that broke before an answer.
    """

    def __init__(self, port: int) -> None:
        self.broken: list[str] = []
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: Request) -> Answer:
        """Retries on a new connection, as HTTP clients do: the service may have closed a kept one."""
        for _ in range(N_TRIES - 1):
            kept = "a kept" if self._socket else "a fresh"
            try:
                return self._ask(request)
            except (OSError, HTTPException) as error:
                self.broken.append(f"{kept} connection, {type(error).__name__}")
                self.close()
        return self._ask(request)

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def _ask(self, request: Request) -> Answer:
        if not self._socket:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE_S)
        self._socket.sendall(request.to_bytes())
        response = HTTPResponse(self._socket, method=request.method)
        response.begin()
        answer = Answer(response.status, {name: response.getheader(name) for name in PROMISED}, response.read())
        if response.will_close:
            self.close()
        return answer


def _head(lines: list[str]) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _chunk(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)
