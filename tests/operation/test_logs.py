"""The log: one line per request, without values of requests."""

from __future__ import annotations

import socket

import pytest

from ..services import PATIENCE_S, Running, running
from ..watching import Watching, watching

WORD = "opensesame"

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


def ask_everything(watch: Watching, name: str) -> None:
    """Send the word in every part of a request.

    Args:
        name: that of a feature.
    """
    for instance in ({name: {WORD: WORD}}, {WORD: 1}, {name: WORD, WORD: WORD}, WORD):
        assert watch.request("POST", "/predict", json={"instances": [instance]}).status_code == 422
    watch.request("POST", "/predict", json={"instances": WORD, WORD: 1})
    for body in (f'"{WORD}', f'{{"{WORD}": NaN}}', f'"{WORD}\\ud800"'):
        response = watch.request("POST", "/predict", content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 400
    watch.request("POST", "/predict", content=WORD, headers={"Content-Type": f"text/{WORD}"})
    watch.request("POST", "/predict", json={}, headers={"Content-Encoding": WORD})
    watch.request("GET", f"/{WORD}")
    watch.request("GET", f"/docs/{WORD}")
    watch.request("GET", f"/livez?{WORD}={WORD}", headers={WORD: WORD, "Cookie": WORD, "X-Request-ID": f"{WORD}!"})
    watch.request("GET", "/livez", headers={"Referer": WORD, "User-Agent": WORD, "Authorization": WORD})
    watch.request("PATCH", f"/predict?{WORD}", content=WORD)


def test_never_logs_a_value_of_a_request(backend, served_artifact, signature):
    with running(backend, served_artifact, log_level="debug") as service:
        with watching(service) as watch:
            ask_everything(watch, signature.names[0])
        for request in BROKEN:
            send_broken(service, request)

    assert len(service.lines) > 20
    assert [line for line in service.lines if WORD in str(line).lower()] == []


@pytest.mark.slow
def test_logs_json_lines_without_a_terminal(backend, served_artifact, signature):
    with running(backend, served_artifact, workers=2, log_level="debug", log_format="auto") as service:
        with watching(service) as watch:
            watch.wait_for_metric("serve_ready_workers", 2)
            ask_everything(watch, signature.names[0])
        for request in BROKEN:
            send_broken(service, request)

    for line in service.lines:
        assert {"event", "level", "logger", "timestamp"} <= line.keys(), line


def test_logs_each_request_with_its_status(backend, served_artifact):
    with running(backend, served_artifact) as service, watching(service) as watch:
        asked = [
            ("GET", "/livez", "/livez", 200),
            ("HEAD", "/model", "/model", 200),
            ("GET", "/nothing", "unmatched", 404),
            ("GET", "/predict", "unmatched", 405),
            ("POST", "/predict", "/predict", 415),
        ]
        for index, (method, path, _, status) in enumerate(asked):
            response = watch.request(method, path, headers={"X-Request-ID": f"number-{index}"})
            assert response.status_code == status

    lines = {line["request_id"]: line for line in service.lines if line["event"] == "request"}
    for index, (method, _, route, status) in enumerate(asked):
        line = lines[f"number-{index}"]
        assert (line["method"], line["route"], line["status"]) == (method, route, status)
        assert line["duration_ms"] > 0


def test_the_access_log_can_be_switched_off(backend, served_artifact):
    with running(backend, served_artifact, access_log=False) as service, watching(service) as watch:
        watch.get("/livez")

    events = {line["event"] for line in service.lines}
    assert "listening" in events
    assert "request" not in events
