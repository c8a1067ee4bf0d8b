"""What a slow connection may do to gunicorn: its gthread worker, with limits that it leaves to a proxy."""

from __future__ import annotations

import resource
import selectors
import socket
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

# macOS gives a process no more. Those to spare are for metrics, listeners, libraries.
MAX_DESCRIPTORS, SPARE_DESCRIPTORS = 10_240, 100

LATE_EVERY_S = 0.5  # so often clients are looked for that are late


def max_connections(n_threads: int) -> int:
    """As many as there are descriptors for, a file for each thread aside: without one, gthread's accept would fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    n_descriptors = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft < n_descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (n_descriptors, hard))
    return int(max(n_threads + 1, n_descriptors - n_threads - SPARE_DESCRIPTORS))


def limited_worker(read_s: float, answer_s: float) -> type[ThreadWorker]:
    """The class of worker that holds a thread for a client for so many seconds at most.

    Args:
        read_s: for the request to arrive; what reads it finds an end then.
        answer_s: after that, for the answer to be made and taken; the connection ends then.
    """

    class LimitedWorker(ThreadWorker):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._handled_since: dict[TConn, float] = {}
            self._looked_for_late_s = 0.0

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
                is_kept = super().handle(conn)
                if not is_kept:
                    conn.close(graceful=True)
                return is_kept
            finally:
                del self._handled_since[conn]

        def finish_request(self, conn: TConn, handled: Future[Any]) -> None:
            """Closing waits for the client, so `handle` has done it; gthread would do it in the loop of all clients."""
            if handled.cancelled() or handled.exception() or handled.result():
                super().finish_request(conn, handled)
            else:
                self.nr_conns -= 1

        def murder_pending(self) -> None:
            """Called in every turn of the loop, and at least every second.

            The end that a late request finds does no harm to one that is whole and waits for its answer, but for the
            connection, which is not kept then.
            """
            if not self.alive:  # a worker that stops does not wait for who has sent nothing
                for conn in self.pending_conns:
                    conn.timeout = 0.0
            super().murder_pending()
            now = monotonic()
            if now < self._looked_for_late_s + LATE_EVERY_S:
                return
            self._looked_for_late_s = now
            for conn, since in self._handled_since.copy().items():
                with suppress(OSError):  # the client has gone
                    if now > since + read_s + answer_s:
                        conn.sock.shutdown(socket.SHUT_RDWR)
                    elif now > since + read_s:
                        conn.sock.shutdown(socket.SHUT_RD)

    return LimitedWorker
