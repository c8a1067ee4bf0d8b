"""The running model, in a thread, in an event loop, and when it stops."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

import serve_core.service
from serve_core.wire.problems import NotReady, ShuttingDown

FOREVER = 10.0**9


class Echo:
    """Predicts the first value of a row, and keeps the number of rows of every call.

    Its first call waits for `may_end`.
    """

    def __init__(self):
        self.calls = []
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def predict(self, rows):
        self.calls.append(len(rows))
        self.has_begun.set()
        self.may_end.wait()
        return [{"value": row[0]} for row in rows]


@pytest.fixture(autouse=True)
def _threads_switch_often():
    """Makes races likely within few tries."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval_s)


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def open_echo(echo):
    echo.may_end.set()
    return echo


def ready_workers(service):
    return [sample.value for metric in service.metrics.ready_workers.collect() for sample in metric.samples]


def test_accepts_rows_only_between_start_and_stop(service_of, open_echo):
    service = service_of(open_echo)

    with pytest.raises(NotReady):
        service.submit([[1]])
    for _ in range(2):  # it can be started again
        with service:
            service.check_ready()
            assert ready_workers(service) == [1]
            assert service.submit([[1]]).result() == [{"value": 1}]
        assert ready_workers(service) == [0]
        with pytest.raises(ShuttingDown):
            service.submit([[1]])


@pytest.mark.parametrize("is_started", [False, True])
def test_a_draining_service_is_not_ready_but_answers(service_of, open_echo, is_started):
    service = service_of(open_echo)
    if not is_started:
        service.begin_draining()
    with service:
        service.begin_draining()

        with pytest.raises(ShuttingDown):
            service.check_ready()
        assert service.submit([[1]]).result() == [{"value": 1}]
        assert ready_workers(service) == [int(is_started)]  # the end of the drain's signal handler sets it


def test_stop_answers_waiting_requests(service_of, echo):
    service = service_of(echo)
    service.start()
    futures = [service.submit([[1]])]
    echo.has_begun.wait()
    futures += [service.submit([[number]]) for number in range(5)]
    stopping = threading.Thread(target=service.stop)
    stopping.start()
    echo.may_end.set()
    stopping.join()

    assert [future.result(0) for future in futures] == [[{"value": number}] for number in (1, *range(5))]


def test_requests_during_the_stop_are_answered_or_refused(service_of, open_echo):
    def ask_until_refused(service):
        n_answered = 0
        while True:
            try:
                future = service.submit([[n_answered]])
            except ShuttingDown:
                return
            assert future.result() == [{"value": n_answered}]
            n_answered += 1

    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            service = service_of(open_echo)
            service.start()
            clients = [pool.submit(ask_until_refused, service) for _ in range(4)]
            service.stop()
            for client in clients:
                client.result()


def test_cancelled_rows_never_reach_the_model(service_of, echo):
    with service_of(echo) as service:
        first = service.submit([[1]])
        echo.has_begun.wait()
        cancelled, waiting = service.submit([[2], [2]]), service.submit([[3]])
        assert cancelled.cancel()
        echo.may_end.set()

        assert [first.result(), waiting.result()] == [[{"value": 1}], [{"value": 3}]]
    assert echo.calls == [1, 1]


@pytest.mark.parametrize("rows_in_place", [0, 2])
def test_threads_and_event_loop_tasks_share_a_service(service_of, open_echo, rows_in_place):
    """A `def` route waits for the future in a thread, an `async def` route awaits it on the loop."""

    async def main():
        with service_of(open_echo, rows_in_place=rows_in_place, max_queue_requests=1000) as service:

            def in_a_thread(number):
                return service.submit([[number]]).result()

            async def on_the_loop(number):
                return await asyncio.wrap_future(service.submit([[number]]))

            return await asyncio.gather(
                *(route(n) for n in range(200) for route in (on_the_loop, lambda n: asyncio.to_thread(in_a_thread, n)))
            )

    answers = asyncio.run(main())

    assert answers == [[{"value": number}] for number in range(200) for _ in range(2)]
    assert sum(open_echo.calls) == 400


def test_another_event_loop_of_the_same_thread_is_answered(service_of, open_echo):
    async def started_service():
        service = service_of(open_echo, rows_in_place=2)
        service.start()
        return service

    async def asked(service):
        return await asyncio.wrap_future(service.submit([[1]]))

    service = asyncio.run(started_service())
    try:
        assert asyncio.run(asked(service)) == [{"value": 1}]
    finally:
        service.stop()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of a process with threads, since Python 3.12
def test_a_forked_child_is_not_ready_until_it_starts_the_service_itself(service_of, open_echo):
    """Its parent's threads are not there, so that a request in its queue would wait for ever."""
    with service_of(open_echo) as service:
        pid = os.fork()
        if pid == 0:
            with suppress(NotReady):
                service.submit([[1]])
                os._exit(1)
            service.start()
            os._exit(0 if service.submit([[1]]).result(10) == [{"value": 1}] else 2)
        _, status = os.waitpid(pid, 0)

    assert os.waitstatus_to_exitcode(status) == 0


def test_returning_clients_join_the_next_batch(service_of, echo, monkeypatch):
    for name in ("RETURN_CALLS", "RETURN_SHARE"):  # so that clients return in time even on a slow machine
        monkeypatch.setattr(serve_core.service, name, FOREVER)
    n_clients, n_rounds = 8, 10
    with service_of(echo) as service, ThreadPoolExecutor(n_clients) as pool:

        def ask(n_requests):
            for _ in range(n_requests):
                service.submit([[1]]).result()

        clients = [pool.submit(ask, n_rounds + 1)]
        echo.has_begun.wait()
        clients += [pool.submit(ask, n_rounds) for _ in range(n_clients - 1)]
        wait_until(lambda: service.metrics.queue_requests.collect()[0].samples[0].value == n_clients)
        echo.may_end.set()
        for client in clients:
            client.result()

    # The first call had begun before the others came.
    assert echo.calls == [1] + [n_clients] * n_rounds


def test_a_lone_client_is_not_delayed(service_of, open_echo, monkeypatch):
    for name in ("RETURN_CALLS", "RETURN_SHARE"):
        monkeypatch.setattr(serve_core.service, name, FOREVER)
    with service_of(open_echo) as service:
        for number in range(200):
            assert service.submit([[number]]).result() == [{"value": number}]

    assert open_echo.calls == [1] * 200


def test_a_full_call_is_not_delayed(service_of, echo, monkeypatch):
    for name in ("RETURN_CALLS", "RETURN_SHARE"):
        monkeypatch.setattr(serve_core.service, name, FOREVER)
    with service_of(echo, max_batch_rows=2) as service:
        futures = [service.submit([[0]])]
        echo.has_begun.wait()
        futures += [service.submit([[number]]) for number in range(1, 5)]
        echo.may_end.set()

        assert [future.result() for future in futures] == [[{"value": number}] for number in range(5)]
    assert echo.calls == [1, 2, 2]


def wait_until(condition):
    while not condition():
        threading.Event().wait(0.001)
