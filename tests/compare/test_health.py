"""Health checks are sent at a constant rate, and their waits count from when they were due."""

from __future__ import annotations

import threading
import time
from itertools import count

import pytest

from compare.measuring.health import EVERY_S, health_asked

from .scripted import answer, scripted

pytestmark = pytest.mark.slow

STALL_S = 1.0


def test_reports_waits_of_checks_that_were_due_during_a_stall():
    numbers, has_enough, at_work = count(), threading.Event(), threading.Lock()

    def stall_once(_body, connection):
        with at_work:  # no request is answered meanwhile
            number = next(numbers)
            if number == 5:
                time.sleep(STALL_S)
        connection.sendall(answer())
        if number == 40:
            has_enough.set()

    with scripted(stall_once) as port, health_asked(port) as health:
        assert has_enough.wait(30)

    assert health.n_failed == 0
    assert max(health.waits_ms) >= STALL_S * 1000
    # One was in flight, the others were due during the stall: half of them in its first half.
    assert sum(wait_ms >= STALL_S * 500 for wait_ms in health.waits_ms) >= 0.5 * STALL_S / EVERY_S


def test_keeps_asking_while_one_check_is_unanswered():
    numbers, has_enough = count(), threading.Event()

    def leave_the_first_waiting(_body, connection):
        number = next(numbers)
        if number == 0:
            has_enough.wait(30)
        if number == 10:
            has_enough.set()
        connection.sendall(answer())

    with scripted(leave_the_first_waiting) as port, health_asked(port) as health:
        assert has_enough.wait(30)

    assert len(health.waits_ms) > 10


def test_counts_failed_health_checks():
    numbers, has_enough = count(), threading.Event()

    def refuse(_body, connection):
        connection.sendall(answer(status=503))
        if next(numbers) == 3:
            has_enough.set()

    with scripted(refuse) as port, health_asked(port) as health:
        assert has_enough.wait(30)

    assert health.waits_ms == []
    assert health.n_failed >= 4
