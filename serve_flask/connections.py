"""gunicorn's gthread worker, with a limit to how long a client may hold a thread before its request has come."""

from __future__ import annotations

import selectors
import socket
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker


def limited_worker(read_s: float) -> type[ThreadWorker]:
    """The class of worker under which a request that takes longer than `read_s` seconds to arrive is cut off."""

    class LimitedWorker(ThreadWorker):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._handled_since: dict[TConn, float] = {}

        def enqueue_req(self, conn: TConn) -> None:
            """A new connection waits in the poller for its first byte; gthread would give it a thread for that."""
            if conn.initialized or conn.data_ready:
                super().enqueue_req(conn)
                return
            conn.sock.setblocking(False)
            conn.timeout = monotonic() + read_s
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

        def handle(self, conn: TConn) -> Any:
            self._handled_since[conn] = monotonic()
            try:
                return super().handle(conn)
            finally:
                del self._handled_since[conn]

        def murder_pending(self) -> None:
            """Called every second: whoever still reads from a client that is late finds an end there.

            It does no harm to a request that is whole and waits for its answer, but for the connection, which is not
            kept then.
            """
            if not self.alive:  # a worker that stops does not wait for who has sent nothing
                for conn in self.pending_conns:
                    conn.timeout = 0.0
            super().murder_pending()
            late = monotonic() - read_s
            for conn, since in self._handled_since.copy().items():
                if since < late:
                    with suppress(OSError):  # the client has gone
                        conn.sock.shutdown(socket.SHUT_RD)

    return LimitedWorker
