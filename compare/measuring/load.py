"""Puts load on a server. It keeps every answer, and counts every wait from the moment when its request was due.

There are two modes. A closed loop sends the next request of a connection when the last one is answered: it finds the
most that a server can do. An open loop sends at a constant rate, whatever the server does. Use it for latencies: while
a server stalls, a closed loop sends nothing, and never sees how long others would have waited.

One thread over epoll, so that the client is not the bottleneck: it spends most of its time in the kernel.
"""

from __future__ import annotations

import re
import select
import socket
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter, process_time

READ_BYTES = 2**18

# Requests that are not answered this long after the end of the load are given up.
PATIENCE_S = 30.0

HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) .*?\r\ncontent-length: *(\d+)", re.IGNORECASE | re.DOTALL)


@dataclass
class Outcome:
    """
    Attributes:
        answers: how often a payload (by its index) got this status and this body. The body of a refusal is left out,
            because it is never the same twice.
        waits_s: of each answered request, from the moment when it was due.
        took_s: of each answered request, from the moment when it was sent, by status.
        n_broken: requests whose connection ended, or sent something other than HTTP, before they were answered.
        n_unanswered: requests that were due and never answered.
        n_held_back: requests that were due, but for which no connection was free before the load ended.
        n_without_retry_after: refusals with 503 that do not say when to ask again.
        n_told_to_leave: answers with `Connection: close`.
        seconds: from the first request to the last answer.
        load_share: the share of its core that the load generator and the upstream took.
    """

    answers: Counter[tuple[int, int, bytes]] = field(default_factory=Counter)
    waits_s: list[float] = field(default_factory=list)
    took_s: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    n_broken: int = 0
    n_unanswered: int = 0
    n_held_back: int = 0
    n_without_retry_after: int = 0
    n_told_to_leave: int = 0
    seconds: float = 0.0
    load_share: float = 0.0


def put_load_on(
    port: int,
    payloads: Sequence[bytes],
    *,
    n_connections: int,
    seconds: float,
    requests_per_s: float | None = None,
    holds_back: bool = False,
    leaves_when_told: bool = False,
) -> Outcome:
    """POST the payloads to `/predict` in rotation.

    Args:
        requests_per_s: the rate of an open loop, in which a request waits for a connection if all are busy; None for
            a closed loop.
        holds_back: requests that still wait for a connection at the end are never sent.
        leaves_when_told: a client whose answer has `Connection: close` never asks again.
    """
    load = _Load(port, payloads, seconds, requests_per_s, holds_back, leaves_when_told)
    try:
        load.run(n_connections)
    finally:
        load.close()
    return load.outcome


def together(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome as if the loads had followed each other."""
    whole = Outcome()
    load_s = 0.0
    for each in outcomes:
        whole.answers.update(each.answers)
        whole.waits_s += each.waits_s
        for status, took_s in each.took_s.items():
            whole.took_s[status] += took_s
        whole.n_broken += each.n_broken
        whole.n_unanswered += each.n_unanswered
        whole.n_held_back += each.n_held_back
        whole.n_without_retry_after += each.n_without_retry_after
        whole.n_told_to_leave += each.n_told_to_leave
        whole.seconds += each.seconds
        load_s += each.load_share * each.seconds
    whole.load_share = load_s / whole.seconds if whole.seconds else 0.0
    return whole


def request_of(payload: bytes) -> bytes:
    lines = ["POST /predict HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    return "\r\n".join([*lines, f"Content-Length: {len(payload)}", "", ""]).encode() + payload


@dataclass(slots=True, eq=False)
class _Connection:
    socket: socket.socket
    is_busy: bool = False
    payload: int = 0
    due_s: float = 0.0
    sent_s: float = 0.0
    unsent: memoryview = memoryview(b"")
    received: bytes = b""


class _Load:
    def __init__(
        self,
        port: int,
        payloads: Sequence[bytes],
        seconds: float,
        requests_per_s: float | None,
        holds_back: bool,
        leaves_when_told: bool,
    ) -> None:
        self.outcome = Outcome()
        self._port = port
        self._requests = [request_of(payload) for payload in payloads]
        self._seconds = seconds
        self._requests_per_s = requests_per_s
        self._holds_back = holds_back
        self._leaves_when_told = leaves_when_told
        self._n_sent = 0
        self._connections: dict[int, _Connection] = {}
        self._free: deque[_Connection] = deque()
        self._epoll = select.epoll()

    def run(self, n_connections: int) -> None:
        for _ in range(n_connections):
            self._connect()
        cpu_s = process_time()
        self._started_s = self._answered_s = perf_counter()
        self._ends_s = self._started_s + self._seconds
        while self._connections and (now := perf_counter()) < self._ends_s + PATIENCE_S:
            due_s = self._send_what_is_due(now)
            if due_s is None and len(self._free) == len(self._connections):
                break
            for descriptor, event in self._epoll.poll(self._sleep_s(now, due_s)):
                if connection := self._connections.get(descriptor):  # already replaced, if it broke during a request
                    self._serve(connection, event)
        n_missing = self._n_due(n_connections) - len(self.outcome.waits_s) - self.outcome.n_broken
        self.outcome.n_held_back = self._n_due(n_connections) - self._n_sent if self._holds_back else 0
        self.outcome.n_unanswered = n_missing - self.outcome.n_held_back
        self.outcome.seconds = self._answered_s - self._started_s
        self.outcome.load_share = (process_time() - cpu_s) / (perf_counter() - self._started_s)

    def _send_what_is_due(self, now: float) -> float | None:
        """Uses the connection that became free first, so that none idles; returns when the next request is due."""
        while (due_s := self._due_s(now)) is not None and due_s <= now and self._free:
            self._send(self._free.popleft(), due_s)
        return due_s

    def close(self) -> None:
        self._epoll.close()
        for connection in self._connections.values():
            connection.socket.close()

    def _due_s(self, now: float) -> float | None:
        """When the next request is due; None after the last."""
        if self._holds_back and now >= self._ends_s:
            return None
        due_s = now if self._requests_per_s is None else self._started_s + self._n_sent / self._requests_per_s
        return due_s if due_s < self._ends_s else None

    def _n_due(self, n_connections: int) -> int:
        """Counts requests that were not sent, too: if nothing listened, or if no connection was free."""
        if self._requests_per_s is None:
            return max(self._n_sent, n_connections)
        return max(self._n_sent, round(self._seconds * self._requests_per_s))

    def _sleep_s(self, now: float, due_s: float | None) -> float:
        if not self._free or due_s is None:
            return 1.0
        # epoll sleeps for whole milliseconds, rounded up. Stay awake for the last one, so that no request is late.
        return max(due_s - now - 0.001, 0.0)

    def _connect(self) -> None:
        try:
            opened = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE_S)
        except OSError:  # nothing listens any more: requests that are due stay unanswered
            return
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[opened.fileno()] = connection = _Connection(opened)
        self._epoll.register(opened, select.EPOLLIN)
        self._free.append(connection)

    def _send(self, connection: _Connection, due_s: float) -> None:
        connection.payload = self._n_sent % len(self._requests)
        connection.due_s = due_s
        connection.sent_s = perf_counter()
        connection.is_busy = True
        self._n_sent += 1
        self._write(connection, memoryview(self._requests[connection.payload]))

    def _write(self, connection: _Connection, request: memoryview) -> None:
        try:
            sent = connection.socket.send(request)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._replace(connection)
            return
        if connection.unsent or sent < len(request):
            connection.unsent = request[sent:]
            self._epoll.modify(connection.socket, select.EPOLLIN | (select.EPOLLOUT if connection.unsent else 0))

    def _serve(self, connection: _Connection, event: int) -> None:
        if event & select.EPOLLOUT and connection.unsent:
            self._write(connection, connection.unsent)
            return
        try:
            received = connection.socket.recv(READ_BYTES)
        except BlockingIOError:  # an event of the connection that this one replaced
            return
        except OSError:
            received = b""
        connection.received += received
        head, end_of_head, body = connection.received.partition(b"\r\n\r\n")
        found = HEAD.match(head)
        if not received or not connection.is_busy or (end_of_head and not found):
            self._replace(connection)
        elif found and end_of_head and len(body) >= int(found[2]):
            status, head = int(found[1]), head.lower()
            self._take(connection, status, body)
            is_refused = status == HTTPStatus.SERVICE_UNAVAILABLE
            self.outcome.n_without_retry_after += is_refused and b"\r\nretry-after: " not in head
            is_told_to_leave = b"\r\nconnection: close" in head
            self.outcome.n_told_to_leave += is_told_to_leave
            if is_told_to_leave and self._leaves_when_told:
                self._close(connection)
            elif is_told_to_leave or connection.unsent:
                self._replace(connection)  # after an early answer, the rest of the request would precede the next one
            self._send_what_is_due(perf_counter())

    def _take(self, connection: _Connection, status: int, body: bytes) -> None:
        self._answered_s = perf_counter()
        self.outcome.waits_s.append(self._answered_s - connection.due_s)
        self.outcome.took_s[status].append(self._answered_s - connection.sent_s)
        self.outcome.answers[connection.payload, status, body if status == HTTPStatus.OK else b""] += 1
        connection.is_busy = False
        connection.received = b""
        self._free.append(connection)

    def _replace(self, connection: _Connection) -> None:
        """Replaces a connection by a new one. Its request in flight is lost; a server may close an idle connection."""
        self._close(connection)
        self._connect()

    def _close(self, connection: _Connection) -> None:
        if connection.is_busy:
            self.outcome.n_broken += 1
        else:
            self._free.remove(connection)
        del self._connections[connection.socket.fileno()]
        connection.socket.close()
