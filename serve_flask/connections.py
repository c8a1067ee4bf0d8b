"""Whose turn it is in gunicorn's gthread worker, and how long it waits for a client: what it leaves to a proxy."""

from __future__ import annotations

import selectors
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from time import monotonic
from typing import Any

from gunicorn.http.message import Request
from gunicorn.workers.gthread import TConn, ThreadWorker

from serve_core.startup import n_descriptors

SPARE_DESCRIPTORS = 100  # for metrics, listeners, libraries

LATE_EVERY_S = 0.5  # so often clients are looked for that are late

# Where nothing is waited for but Python itself, more threads only stand in each other's way. Who takes longer than that
# waits for a long call, and does not count.
AT_ONCE, LONG_S = 1, 0.1

# Probes do, and nobody who wants a prediction.
ASKS_HOW_IT_IS = (b"GET ", b"HEAD ")

# As ints: to join two of Python's flags takes a microsecond.
NOW, PEEK = int(socket.MSG_DONTWAIT), int(socket.MSG_DONTWAIT | socket.MSG_PEEK)


class Kept:
    """What gthread is told of a connection that stays open: a future, as far as it looks at one."""

    def cancelled(self) -> bool:
        return False

    def result(self) -> bool:
        return True


KEPT = Kept()


class Client(socket.socket):
    """A socket in the place of an accepted one, which says while it has to wait for its client.

    It sends the headers of an answer with its body: gunicorn sends each by itself, and every packet costs.
    """

    def __init__(self, accepted: socket.socket, waiting: Callable[[Client], AbstractContextManager[None]]) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self._waiting = waiting
        self.is_cut_off = False
        self._headers: bytes | None = b""  # held back for the body; None: what is sent next are headers

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

    def cut_off(self) -> None:
        """Who reads finds an end. What comes nevertheless is not the beginning of another request."""
        self.is_cut_off = True
        self.shutdown(socket.SHUT_RD)

    def begin_answer(self) -> None:
        """What is sent next are headers."""
        self._headers = None

    def end_answer(self) -> None:
        """Send headers that no body has followed, unless gunicorn has closed the connection because of an error."""
        headers, self._headers = self._headers, b""
        if headers and self.fileno() >= 0:
            self.sendall(headers)

    def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override]
        if self._headers is None:
            self._headers = data
            return
        data, self._headers = self._headers + data, b""
        try:
            n_sent = self.send(data, flags | NOW)
        except BlockingIOError:
            n_sent = 0
        if n_sent < len(data):
            with self._waiting(self):
                super().sendall(memoryview(data)[n_sent:], flags)


def max_connections(n_threads: int) -> int:
    """As many as there are descriptors for, a file for each thread aside: without one, gthread's accept would fail."""
    return max(n_threads + 1, n_descriptors() - n_threads - SPARE_DESCRIPTORS)


def limited_worker(read_s: float, answer_s: float) -> type[ThreadWorker]:
    """The class of worker that holds a thread for a client for so many seconds at most.

    Args:
        read_s: for the request to arrive; what reads it finds an end then.
        answer_s: after that, for the answer to be made and taken; the connection ends then.
    """

    class LimitedWorker(ThreadWorker):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.at_once: int = self.cfg.threads
            self._line: deque[TConn] = deque()
            self._at_work: dict[Client, float] = {}
            self._handled_since: dict[TConn, float] = {}
            self._handled: deque[tuple[TConn, bool]] = deque()
            self._looked_for_late_s = 0.0
            self._is_stopping = False

        def enqueue_req(self, conn: TConn) -> None:
            """A new connection waits in the poller for its first byte; gthread would give it a thread for that.

            A request may wait for others, but whoever asks how the service is does not wait for predictions.
            """
            if not (conn.initialized or conn.data_ready):
                conn.sock = Client(conn.sock, self._waiting_for)
                conn.sock.setblocking(False)
                conn.timeout = monotonic() + read_s
                self.pending_conns.append(conn)
                self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))
            elif (self._line or self._is_full()) and conn.sock.peek(5).startswith(ASKS_HOW_IT_IS):
                self._hand_out(conn)
            else:
                self._line.append(conn)

        def wait_for_and_dispatch_events(self, timeout: float) -> None:
            """A turn of the loop."""
            super().wait_for_and_dispatch_events(min(timeout, LONG_S) if self._line else timeout)
            self._finish_handled()
            while conn := self._next_in_line():
                self._hand_out(conn)
                self._finish_handled()  # of a thread that has seen others in the line, and left these to the loop

        def _is_full(self) -> bool:
            if len(self._at_work) < self.at_once:
                return False
            long_ago = monotonic() - LONG_S
            return sum(began > long_ago for began in list(self._at_work.values())) >= self.at_once

        def _next_in_line(self) -> TConn | None:
            with suppress(IndexError):
                if not self._is_full():
                    conn = self._line.popleft()
                    self._at_work[conn.sock] = monotonic()
                    return conn
            return None

        def _hand_out(self, conn: TConn) -> None:
            self.tpool.submit(self._handle_and_go_on, conn)

        def _handle_and_go_on(self, conn: TConn | None) -> None:
            """A thread that has answered takes the next request itself: to wake another would cost more.

            So would to wake the loop for each. It looks after those who are answered when nobody is left in the line.
            """
            while conn:
                is_kept = False
                try:
                    is_kept = self.handle(conn)
                except BaseException:  # whatever it is, the next in line has nothing to do with it
                    self.log.exception("A request ended in an error that is none of the application's.")
                    conn.close()
                self._handled.append((conn, is_kept))
                conn = self._next_in_line()
                if not self._line:
                    self.method_queue.defer(self._finish_handled)

        def _finish_handled(self) -> None:
            """Closing waits for the client, so `handle` has done it; gthread would do it in the loop of all clients."""
            while self._handled:
                conn, is_kept = self._handled.popleft()
                if is_kept:
                    self.finish_request(conn, KEPT)
                else:
                    self.nr_conns -= 1

        def handle(self, conn: TConn) -> bool:
            client = conn.sock
            self._handled_since[conn] = monotonic()
            if client in self._at_work:  # from now on: it may have waited for a thread
                self._at_work[client] = monotonic()
            try:
                is_kept = bool(super().handle(conn)) and not client.is_cut_off
                if not is_kept and client.fileno() >= 0:
                    with self._waiting_for(client):
                        conn.close(graceful=True)
                return is_kept
            finally:
                self._at_work.pop(client, None)
                del self._handled_since[conn]

        def handle_request(self, req: Request, conn: TConn) -> bool:
            conn.sock.begin_answer()
            try:
                return bool(super().handle_request(req, conn))
            finally:
                conn.sock.end_answer()

        @contextmanager
        def _waiting_for(self, client: Client) -> Iterator[None]:
            """It is another's turn meanwhile. Who has waited goes on, and does not stand in line again."""
            had_its_turn = self._at_work.pop(client, None)
            if had_its_turn and self._line:
                self.method_queue.defer(self._finish_handled)
            try:
                yield
            finally:
                if had_its_turn:
                    self._at_work[client] = monotonic()

        def murder_keepalived(self, force: bool = False) -> None:
            """Called in every turn of the loop. The one that has idled longest makes room, where there is no more."""
            if self.keepalived_conns and self.nr_conns >= self.worker_connections:
                self.keepalived_conns[0].timeout = 0.0
            super().murder_keepalived(force)

        def murder_pending(self) -> None:
            """Called in every turn of the loop, and at least every second.

            The end that a late request finds does no harm to one that is whole and waits for its answer, but for the
            connection, which is not kept then, and says so.
            """
            if self._is_stopping:  # it does not wait for who has sent nothing
                for conn in self.pending_conns:
                    conn.timeout = 0.0
            self._is_stopping = not self.alive  # after a turn more: what has come by now is read
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
                        if conn.parser and conn.parser.mesg:
                            conn.parser.mesg.force_close()
                        conn.sock.cut_off()

    return LimitedWorker
