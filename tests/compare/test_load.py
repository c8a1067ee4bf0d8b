"""The load generator reports true waits and all unanswered requests."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from itertools import count, cycle
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest

from compare.measuring.load import put_load_on, together

from .scripted import answer, scripted

pytestmark = pytest.mark.slow

STALL_S = 1.0


def test_an_open_loop_reports_waits_of_requests_due_during_a_stall():
    numbers, turn = count(), threading.Lock()

    def stall_once(_body, connection):
        with turn:
            if next(numbers) == 50:
                time.sleep(STALL_S)
        connection.sendall(answer())

    with scripted(stall_once) as port:
        outcome = put_load_on(port, [b"{}"], n_connections=10, seconds=2, requests_per_s=100)

    assert len(outcome.waits_s) == 200
    # A hundred were due in that second, half of them in its first half; ten of them were in flight.
    assert sum(wait_s > STALL_S / 2 for wait_s in outcome.waits_s) >= 49
    assert max(outcome.waits_s) > STALL_S * 0.99


def test_an_open_loop_sends_the_requested_number_of_requests():
    with scripted(lambda _body, connection: connection.sendall(answer())) as port:
        outcome = put_load_on(port, [b"{}"], n_connections=4, seconds=0.5, requests_per_s=100)

    assert outcome.answers == {(0, 200, b"ok"): 50}


def test_an_open_loop_uses_all_connections():
    """A server may close an idle connection while a request is on its way."""
    asked: Counter[object] = Counter()

    def told_apart(_body, connection):
        asked[connection.getpeername()] += 1
        connection.sendall(answer())

    with scripted(told_apart) as port:
        # So slowly that an answer is late only if the machine stalls for longer than the turns of all others.
        put_load_on(port, [b"{}"], n_connections=5, seconds=1, requests_per_s=20)

    assert list(asked.values()) == [4] * 5


def test_an_early_answer_moves_the_next_request_to_a_new_connection():
    connections, over = count(), threading.Event()

    class Hasty(BaseRequestHandler):
        def handle(self) -> None:
            next(connections)
            self.request.recv(2**16)
            self.request.sendall(answer())
            over.wait(60)  # the rest is never read

    with ThreadingTCPServer(("127.0.0.1", 0), Hasty) as server:
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        outcome = put_load_on(server.server_address[1], [b"x" * 50_000_000], n_connections=1, seconds=0.2)
        over.set()
        server.shutdown()

    assert set(outcome.answers) == {(0, 200, b"ok")}
    assert outcome.n_broken == outcome.n_unanswered == 0
    assert 1 < outcome.answers.total() <= next(connections)


def test_sends_payloads_in_turn_and_keeps_every_answer():
    with scripted(lambda body, connection: connection.sendall(answer(b"<" + body))) as port:
        outcome = put_load_on(port, [b"a", b"b", b"c"], n_connections=1, seconds=0.5, requests_per_s=60)

    assert outcome.answers == {(0, 200, b"<a"): 10, (1, 200, b"<b"): 10, (2, 200, b"<c"): 10}


def test_counts_each_status():
    statuses = count()

    def every_fifth_is_refused(_body, connection):
        connection.sendall(answer(status=503 if next(statuses) % 5 == 4 else 200))

    with scripted(every_fifth_is_refused) as port:
        outcome = put_load_on(port, [b"{}"], n_connections=1, seconds=0.5, requests_per_s=100)

    assert Counter({status: n for (_, status, _), n in outcome.answers.items()}) == {200: 40, 503: 10}


def test_counts_requests_that_found_no_free_connection():
    def slowly(_body, connection):
        time.sleep(0.05)
        connection.sendall(answer())

    with scripted(slowly) as port:
        outcome = put_load_on(port, [b"{}"], n_connections=2, seconds=0.5, requests_per_s=100, holds_back=True)

    n_answered = len(outcome.took_s[200])
    assert 2 <= n_answered < 50
    assert (outcome.n_held_back, outcome.n_unanswered) == (50 - n_answered, 0)


def test_measures_the_time_since_sending():
    with scripted(lambda _body, connection: connection.sendall(answer())) as port:
        outcome = put_load_on(port, [b"{}"], n_connections=1, seconds=0.5, requests_per_s=100)

    assert len(outcome.took_s[200]) == 50
    assert all(took_s <= wait_s for took_s, wait_s in zip(outcome.took_s[200], outcome.waits_s, strict=True))


def test_counts_refusals_without_retry_after_and_leaves_when_told():
    headers = cycle(["Retry-After: 1\r\n", ""])

    def refuse(_body, connection):
        connection.sendall(answer(b"busy", status=503, header="Connection: close\r\n" + next(headers)))

    with scripted(refuse) as port:
        outcome = put_load_on(port, [b"{}"], n_connections=4, seconds=60, leaves_when_told=True)

    assert outcome.answers == {(0, 503, b""): 4}
    assert (outcome.n_without_retry_after, outcome.n_told_to_leave) == (2, 4)
    assert (outcome.n_broken, outcome.n_unanswered) == (0, 0)


def test_sums_up_several_loads():
    with scripted(lambda _body, connection: connection.sendall(answer())) as port:
        loads = [put_load_on(port, [b"{}"], n_connections=2, seconds=0.25, requests_per_s=100) for _ in range(3)]

    whole = together(loads)

    assert whole.answers == {(0, 200, b"ok"): 75}
    assert (len(whole.waits_s), len(whole.took_s[200]), whole.n_unanswered) == (75, 75, 0)
    assert whole.seconds == pytest.approx(sum(load.seconds for load in loads))
    assert min(load.load_share for load in loads) <= whole.load_share <= max(load.load_share for load in loads)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", answer(b"four")[:-1], b"no HTTP\r\n\r\n"])
def test_counts_requests_on_broken_connections_and_continues(said):
    numbers = count()

    def every_tenth_is_cut(_body, connection):
        is_cut = next(numbers) % 10 == 9
        connection.sendall(said if is_cut else answer())
        if is_cut:
            connection.shutdown(socket.SHUT_RDWR)

    with scripted(every_tenth_is_cut) as port:
        outcome = put_load_on(port, [b"{}"], n_connections=2, seconds=0.5, requests_per_s=100)

    assert (outcome.answers, outcome.n_broken, outcome.n_unanswered) == ({(0, 200, b"ok"): 45}, 5, 0)


def test_closing_a_connection_after_the_answer_is_not_a_fault():
    def closing(_body, connection):
        connection.sendall(answer(header="Connection: close\r\n"))
        connection.shutdown(socket.SHUT_RDWR)

    with scripted(closing) as port:
        outcome = put_load_on(port, [b"{}"], n_connections=2, seconds=0.5, requests_per_s=100)

    assert (outcome.answers, outcome.n_broken, outcome.n_unanswered) == ({(0, 200, b"ok"): 50}, 0, 0)


@pytest.mark.parametrize("requests_per_s", [None, 100])
def test_counts_requests_that_nobody_answered(requests_per_s):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    outcome = put_load_on(port, [b"{}"], n_connections=8, seconds=0.1, requests_per_s=requests_per_s)

    assert (outcome.waits_s, outcome.n_unanswered) == ([], 10 if requests_per_s else 8)


def test_sends_large_bodies_and_reads_answers_in_pieces():
    body = b"x" * 10_000_000

    def in_pieces(received, connection):
        whole = answer(str(len(received)).encode())
        for piece in (whole[:5], whole[5:-2], whole[-2:]):
            connection.sendall(piece)

    with scripted(in_pieces) as port:
        outcome = put_load_on(port, [body], n_connections=2, seconds=0.1)

    assert set(outcome.answers) == {(0, 200, b"10000000")}
    assert outcome.n_broken == outcome.n_unanswered == 0


def test_a_closed_loop_sends_one_request_at_a_time_per_connection():
    in_flight, most, lock = 0, 0, threading.Lock()

    def watched(_body, connection):
        nonlocal in_flight, most
        with lock:
            in_flight += 1
            most = max(most, in_flight)
        with lock:
            in_flight -= 1
        connection.sendall(answer())

    with scripted(watched) as port:
        outcome = put_load_on(port, [b"{}"], n_connections=3, seconds=0.3)

    assert most <= 3
    assert outcome.answers[0, 200, b"ok"] == len(outcome.waits_s) > 3
