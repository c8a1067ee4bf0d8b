"""A server that answers every request with a script of the test."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer

# Takes the body of a request and the connection for the answer.
Script = Callable[[bytes, socket.socket], None]


def answer(body: bytes = b"ok", status: int = 200, header: str = "") -> bytes:
    return f"HTTP/1.1 {status} OK\r\n{header}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def scripted(script: Script, port: int = 0) -> Iterator[int]:
    """The port of a server that calls the script for each request."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            with suppress(OSError):  # the client has gone
                for line in self.rfile:
                    if found := re.match(rb"Content-Length: (\d+)", line):
                        length = int(found[1])
                    elif line == b"\r\n":
                        script(self.rfile.read(length), self.connection)

    class Server(ThreadingTCPServer):
        request_queue_size = 128
        daemon_threads = True

    with Server(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
