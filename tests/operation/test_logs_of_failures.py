"""The log of failures contains no values either and the right request ids; people can read it on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import httpx
import pytest

from ..leftovers import run_if_killed
from ..services import PATIENCE_S, ROOT, environment, running
from .asking import asking
from .test_logs import BROKEN, WORD, send_broken

COLOUR = re.compile(r"\x1b\[\d*m")


def test_never_logs_a_value_that_made_the_model_fail(backend, puppet):
    with running(backend, puppet, log_level="debug", access_log=False) as service, asking(service) as ask:
        statuses = [ask.predict(f"{verb} {WORD}").status_code for verb in ("answer", "warn", "raise", "raise_loop")]

    assert statuses == [200, 200, 500, 500]
    assert [line["event"] for line in service.lines].count("model_failed") == 2
    assert [line for line in service.lines if WORD in str(line).lower()] == []


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
