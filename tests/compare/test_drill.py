"""Drills find the faults of a careless server, and count correctly. The drills measure seconds, not the tests."""

from __future__ import annotations

import re
import subprocess
import sys

import pandas as pd
import pytest

from compare.drill import DRILLS, drill
from compare.drills.site import Lengths, Site
from compare.drills.slow_clients import checks_beside_slow_clients
from compare.drills.slow_model import Slow
from compare.judging.figures import is_held
from compare.measuring.models import Subject
from compare.measuring.plan import Lane
from compare.measuring.server import Cores
from model.packaging import save

from ..services import BACKENDS, ROOT

pytestmark = pytest.mark.slow

CARELESS = Lane("careless", command="tests.compare.careless {port}")
SHORT = Lengths(
    capacity_s=0.2,
    overload_s=0.5,
    n_abandoned=500,
    drain_ms=200,
    kill_s=1.2,
    deadline_ms=1000,
    call_s=4.0,
    body_s=0.02,
    patience_s=0.5,
)


@pytest.fixture(scope="module")
def site_of(served_artifact, tmp_path_factory):
    slow = tmp_path_factory.mktemp("artifacts") / "slow"
    save(Slow(), pd.DataFrame({"seconds": [0.0]}), slow)
    subject = Subject(served_artifact, [1])
    return lambda lane: Site(lane, subject, slow, Cores.available(), SHORT)


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("overload", {"503 without Retry-After", "other, wrong or missing answers"}),
        ("abandoned", {"fast: open sockets beyond", "fast: s until they were back", "slow: open sockets beyond"}),
        ("drain", {"fast: clients that were told to leave", "fast: other", "fast: exit code", "slow: exit code"}),
        ("kill", {"s until two workers were ready again", "wrong or missing answers afterwards"}),
        ("slow_call", {"waiting callers answered with 504", "new callers refused", "/readyz said"}),
        ("dearest_body", {"hostile bodies not refused"}),
    ],
)
def test_a_careless_server_breaks_the_bounds(name, broken, site_of):
    checks = list(DRILLS[name](site_of(CARELESS)))

    missed = [check.what for check in checks if not is_held(check, check.value)]
    assert not [start for start in broken if not any(what.startswith(start) for what in missed)], checks


def test_a_careless_server_does_not_cut_off_slow_clients(site_of):
    with site_of(CARELESS).serving() as server:
        checks = list(checks_beside_slow_clients(server.port, b"{}", meanwhile_s=0.6))

    missed = {check.what for check in checks if not is_held(check, check.value)}
    # A busy machine can miss the bounds on speed, too.
    assert {"s until the last of 190 trickling clients was cut off", "not answered with 200"} <= missed
    assert "slow clients that could connect" not in missed


def test_reports_a_drill_that_was_not_run_without_docker(site_of, monkeypatch, capsys):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent")

    assert drill("slow_clients", site_of(CARELESS))

    assert capsys.readouterr().out.startswith("\nslow_clients, careless\nnot run: It needs Docker. ")


@pytest.mark.parametrize("backend", BACKENDS)
def test_prints_each_broken_bound(backend, site_of, capsys):
    """A setting keeps half of the waiting clients out."""
    lane = Lane(backend, backend, f"serve_{backend}", {"SERVE_MAX_QUEUE_REQUESTS": "8"})

    assert not drill("slow_call", site_of(lane))

    printed = capsys.readouterr().out
    assert printed.startswith(f"\nslow_call, {backend}\n")
    counts = dict(re.findall(r"^(.+?)  +(\d+ +[<>=].*)$", printed, re.MULTILINE))
    assert {what: " ".join(found.split()) for what, found in counts.items()} == {
        "waiting callers answered with 504, of 16": "8 >= 16 falls short",
        "new callers refused with 503 and Retry-After, of 50": "50 >= 50 holds",
        "/readyz said 503 and model_busy": "1 >= 1 holds",
        "/livez, not answered with 200": "0 <= 0 holds",
        "/metrics, not answered with 200": "0 <= 0 holds",
        "/readyz is 200 afterwards": "1 >= 1 holds",
    }


def test_refuses_an_unknown_setting():
    command = [sys.executable, "-m", "compare.drill", "--env", "SERVE_NO_SUCH=1"]

    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("SERVE_NO_SUCH is not a setting; the settings are ")
