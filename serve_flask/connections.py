"""What a slow connection may do to gunicorn: its gthread worker, with limits that it leaves to a proxy."""

from __future__ import annotations

import resource
import selectors
import socket
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

# macOS gives a process no more. Those to spare are for metrics, listeners, libraries.
MAX_DESCRIPTORS, SPARE_DESCRIPTORS = 10_240, 100

LATE_EVERY_S = 0.5  # so often clients are looked for that are late

# Where nothing is waited for but Python itself, more threads only stand in each other's way. Who takes longer than that
# waits for its client or for a long call, and does not count.
AT_ONCE, LONG_S = 4, 0.1


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
            self._handed_out: dict[TConn, float] = {}
            self._handled_since: dict[TConn, float] = {}
            self._closed: set[TConn] = set()
            self._looked_for_late_s = 0.0
            self._line: deque[TConn] = deque()
            self.at_once = self.cfg.threads

        def enqueue_req(self, conn: TConn) -> None:
            """A new connection waits in the poller for its first byte; gthread would give it a thread for that.

            A request may wait for others, but whoever asks how the service is does not wait for predictions.
            """
            if not (conn.initialized or conn.data_ready):
                conn.sock.setblocking(False)
                conn.timeout = monotonic() + read_s
                self.pending_conns.append(conn)
                self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))
            elif self._is_full() and not _is_get(conn.sock):
                self._line.append(conn)
            else:
                self._hand_out(conn)

        def wait_for_and_dispatch_events(self, timeout: float) -> None:
            """A turn of the loop."""
            super().wait_for_and_dispatch_events(min(timeout, LONG_S) if self._line else timeout)
            while conn := self._next_in_line():
                self._hand_out(conn)

        def _is_full(self) -> bool:
            latest = list(self._handed_out.values())[-self.at_once :]
            return len(latest) == self.at_once and latest[0] > monotonic() - LONG_S

        def _hand_out(self, conn: TConn) -> None:
            self._handed_out[conn] = monotonic()
            self.tpool.submit(self._handle_and_go_on, conn)

        def _handle_and_go_on(self, conn: TConn | None) -> None:
            """A thread that has answered takes the next request itself: to wake another would cost more."""
            while conn:
                handled: Future[Any] = Future()
                try:
                    handled.set_result(self.handle(conn))
                except BaseException as error:
                    handled.set_exception(error)
                self.method_queue.defer(self.finish_request, conn, handled)
                conn = self._next_in_line()

        def _next_in_line(self) -> TConn | None:
            with suppress(IndexError):
                if not self._is_full():
                    return self._line.popleft()
            return None

        def handle(self, conn: TConn) -> Any:
            self._handed_out[conn] = self._handled_since[conn] = monotonic()  # it may have waited for a thread
            try:
                is_kept = super().handle(conn)
                if not is_kept:
                    conn.close(graceful=True)
                    self._closed.add(conn)
                return is_kept
            finally:
                del self._handed_out[conn], self._handled_since[conn]

        def finish_request(self, conn: TConn, handled: Future[Any]) -> None:
            """Closing waits for the client, so `handle` has done it; gthread would do it in the loop of all clients."""
            if conn in self._closed:
                self._closed.remove(conn)
                self.nr_conns -= 1
            else:
                super().finish_request(conn, handled)

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


def _is_get(client: socket.socket) -> bool:
    with suppress(OSError):  # what has come is read already
        return client.recv(4, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"GET "
    return False
