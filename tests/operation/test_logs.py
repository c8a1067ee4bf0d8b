"""The log: one line per request, readable for machines or people, without values of requests."""

from __future__ import annotations

import os
import pty
import re
import socket
import subprocess
import sys

import httpx
import pytest

from ..leftovers import run_if_killed
from ..services import PATIENCE_S, ROOT, Running, environment, running
from .asking import Asking, asking

WORD = "opensesame"
COLOUR = re.compile(r"\x1b\[\d*m")

# Requests that no application sees: invalid or truncated request lines, header lines and chunk sizes.
BROKEN = [
    f"GET /{WORD}",
    f"GET /livez HTTP/1.1\r\n{WORD}: {WORD}",
    f"GET /{WORD} HTTP/9.9\r\n\r\n",
    f"{WORD}\r\n\r\n",
    f"{WORD.upper()} /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    f"GET /livez HTTP/1.1\r\nHost: a\r\n{WORD} : a\r\n\r\n",
    f"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: {WORD}\r\n\r\n",
    f"GET /livez HTTP/1.1\r\nHost: a\r\nExpect: {WORD}\r\nConnection: close\r\n\r\n",
    f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    f"Transfer-Encoding: chunked\r\n\r\n{WORD}\r\n",
]


def send_broken(service: Running, request: str) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_S) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def ask_everything(ask: Asking) -> None:
    """Send the word in every part of a request."""
    ask.predict(WORD)
    ask.predict(f"warn {WORD}")
    ask.predict(f"raise {WORD}")
    ask.predict(f"raise_loop {WORD}")
    for instance in ({"command": {WORD: WORD}}, {WORD: 1}, {"command": "a", WORD: WORD}, WORD):
        assert ask.request("POST", "/predict", json={"instances": [instance]}).status_code == 422
    ask.request("POST", "/predict", json={"instances": WORD, WORD: 1})
    for body in (f'"{WORD}', f'{{"{WORD}": NaN}}', f'"{WORD}\\ud800"'):
        response = ask.request("POST", "/predict", content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 400
    ask.request("POST", "/predict", content=WORD, headers={"Content-Type": f"text/{WORD}"})
    ask.request("POST", "/predict", json={}, headers={"Content-Encoding": WORD})
    ask.request("GET", f"/{WORD}")
    ask.request("GET", f"/docs/{WORD}")
    ask.request("GET", f"/livez?{WORD}={WORD}", headers={WORD: WORD, "Cookie": WORD, "X-Request-ID": f"{WORD}!"})
    ask.request("GET", "/livez", headers={"Referer": WORD, "User-Agent": WORD, "Authorization": WORD})
    ask.request("PATCH", f"/predict?{WORD}", content=WORD)


def test_never_logs_a_value_of_a_request(backend, puppet):
    with running(backend, puppet, log_level="debug") as service:
        with asking(service) as ask:
            ask_everything(ask)
        for request in BROKEN:
            send_broken(service, request)

    assert len(service.lines) > 20
    assert [line for line in service.lines if WORD in str(line).lower()] == []


@pytest.mark.slow
def test_logs_json_lines_without_a_terminal(backend, puppet):
    with running(backend, puppet, workers=2, log_level="debug", log_format="auto") as service:
        with asking(service) as ask:
            ask.wait_for_metric("serve_ready_workers", 2)
            ask_everything(ask)
        for request in BROKEN:
            send_broken(service, request)

    for line in service.lines:
        assert {"event", "level", "logger", "timestamp"} <= line.keys(), line


def test_logs_each_request_with_its_status(backend, puppet):
    with running(backend, puppet) as service, asking(service) as ask:
        asked = [
            ("GET", "/livez", "/livez", 200),
            ("HEAD", "/model", "/model", 200),
            ("GET", "/nothing", "unmatched", 404),
            ("GET", "/predict", "unmatched", 405),
            ("POST", "/predict", "/predict", 415),
        ]
        for index, (method, path, _, status) in enumerate(asked):
            response = ask.request(method, path, headers={"X-Request-ID": f"number-{index}"})
            assert response.status_code == status

    lines = {line["request_id"]: line for line in service.lines if line["event"] == "request"}
    for index, (method, _, route, status) in enumerate(asked):
        line = lines[f"number-{index}"]
        assert (line["method"], line["route"], line["status"]) == (method, route, status)
        assert line["duration_ms"] > 0


def test_never_mixes_request_ids(backend, puppet):
    """Threads serve one request after the other; log lines between requests have no id."""
    with running(backend, puppet, max_queue_requests=1) as service, asking(service) as ask:
        for index in range(40):
            assert ask.predict("raise a", request_id=f"number-{index}").status_code == 500
            send_broken(service, BROKEN[0])

    of_requests = [line for line in service.lines if "request_id" in line]
    assert {line["logger"] for line in of_requests} == {"serve.access", "serve.errors"}
    for index in range(40):
        events = [line["event"] for line in of_requests if line["request_id"] == f"number-{index}"]
        assert events == ["model_failed", "request"]


def test_the_access_log_can_be_switched_off(backend, puppet):
    with running(backend, puppet, access_log=False) as service, asking(service) as ask:
        ask.get("/livez")
        ask.predict("raise a")

    events = [line["event"] for line in service.lines]
    assert "request" not in events
    assert "model_failed" in events


@pytest.mark.slow
def test_console_logs_are_readable(backend, puppet):
    with (
        subprocess.Popen(
            [sys.executable, "-m", f"serve_{backend}"],
            cwd=ROOT,
            env=environment(puppet, log_format="console"),
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        run_if_killed(f"kill -KILL {process.pid}"),
    ):
        assert process.stderr
        try:
            listening = next(line for line in process.stderr if "listening" in line)
            port = listening.rpartition("port=")[2].strip()
            httpx.get(f"http://127.0.0.1:{port}/livez", headers={"X-Request-ID": "the-one"}, timeout=PATIENCE_S)
        finally:
            process.terminate()
            _, text = process.communicate(timeout=PATIENCE_S)

    request = next(line for line in text.splitlines() if "request_id=the-one" in line)
    assert "method=GET route=/livez status=200 duration_ms=" in request
    # Colours are only for terminals.
    assert "\x1b" not in listening + text


@pytest.mark.slow
def test_terminal_logs_are_readable_and_coloured(backend, puppet):
    terminal, end_of_the_service = pty.openpty()
    with (
        os.fdopen(terminal) as lines,
        subprocess.Popen(
            [sys.executable, "-m", f"serve_{backend}"],
            cwd=ROOT,
            # Not recorded: coverage hangs if SIGTERM's exception comes while it holds its lock.
            env=environment(puppet, is_recorded=False, log_format="auto"),
            stderr=end_of_the_service,
        ) as process,
        run_if_killed(f"kill -KILL {process.pid}"),
    ):
        os.close(end_of_the_service)
        try:
            line = next(line for line in lines if "listening" in line)
        finally:
            process.terminate()

    assert re.search(r"listening .*host=127\.0\.0\.1 port=\d+", COLOUR.sub("", line))
    assert COLOUR.search(line)
