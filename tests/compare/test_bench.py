"""`python -m compare.bench` on a small plan: its output, and that it leaves no process behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from ..house.copies import environment
from ..services import BACKENDS, PATIENCE_S, ROOT

pytestmark = pytest.mark.slow

LANES = "".join(
    f"""
[lanes.{backend}]
backend = "{backend}"
command = "serve_{backend}"
env = {{ SERVE_ACCESS_LOG = "false" }}
[lanes.{backend}_misconfigured]
backend = "{backend}"
command = "serve_{backend}"
env = {{ SERVE_NO_SUCH = "1" }}
[baselines.{backend}]
in_process = "in_process"
[[goals]]
what = "{backend} against the model"
workload = "penguins"
rows = 2
connections = 4
figure = "requests_per_s"
lane = "{backend}"
against = ["in_process"]
at_most = 1e9
"""
    for backend in BACKENDS
)
PLAN = f"""
rounds = 1
seconds = 0.3
[lanes.in_process]
[lanes.refusing]
command = "http.server {{port}}"
[lanes.of_a_backend_that_is_gone]
backend = "nowhere"
command = "serve_nowhere"
{LANES}
[[cells]]
workloads = ["penguins"]
lanes = {[*BACKENDS, *(f"{backend}_misconfigured" for backend in BACKENDS), "in_process", "refusing"]}
rows = [2]
connections = [4]
[[cells]]
workloads = ["penguins"]
lanes = ["of_a_backend_that_is_gone"]
rows = [1]
connections = [1]
"""


FAILING = """
rounds = 1
seconds = 0.3
[lanes.failing]
command = "tests.compare.failing {port}"
[[cells]]
workloads = ["penguins"]
lanes = ["failing"]
rows = [1]
connections = [1]
"""


@pytest.fixture
def command(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    options = ["--plan", tmp_path / "plan.toml", "--json", tmp_path / "new" / "raw.json", "--seed", "42"]
    return [sys.executable, "-m", "compare.bench", *options]


def test_measures_available_lanes_and_reports_the_others(command, tmp_path):
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout + run.stderr
    raw = json.loads((tmp_path / "new" / "raw.json").read_bytes())
    assert raw["seed"] == 42
    assert {cell["lane"] for cell in raw["cells"]} == {*BACKENDS, "in_process"}
    for cell in raw["cells"]:
        assert cell["requests"] > 0
        assert cell["faults"] == {}
        assert cell["rows_per_s"] == pytest.approx(2 * cell["requests_per_s"])
    for backend in BACKENDS:
        [lane] = [entry for entry in raw["lanes"] if entry["lane"] == backend]
        assert len(lane["cold_starts_s"]) == 1
        [goal] = [line for line in run.stdout.splitlines() if line.startswith(f"{backend} against the model")]
        assert goal.endswith("<= 1e+09  holds")
        assert f"{backend}_misconfigured: This lane could not start: SERVE_NO_SUCH is not a setting" in run.stdout
    assert "of_a_backend_that_is_gone: serve_nowhere/ does not exist." in run.stdout
    assert "refusing: This lane could not start: its first answer had the status 501." in run.stdout
    assert "Every answer was checked, and none was wrong." in run.stdout


def test_counts_wrong_answers(command, tmp_path):
    (tmp_path / "plan.toml").write_text(FAILING)

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 1, run.stdout + run.stderr
    [cell] = json.loads((tmp_path / "new" / "raw.json").read_bytes())["cells"]
    assert cell["faults"].keys() == {"status 503"}
    assert f"WRONG, failing (penguins, 1 x 1): status 503: {cell['faults']['status 503']} requests." in run.stdout
    assert "none was wrong" not in run.stdout


def test_leaves_no_server_behind_when_stopped(command):
    mark = uuid4().hex
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(BENCH_MARK=mark),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as bench:
        assert bench.stderr
        next(line for line in bench.stderr if ": answers after" in line)
        assert len(processes_with(mark)) > 1

        bench.send_signal(signal.SIGTERM)

        bench.communicate(timeout=PATIENCE_S)
    assert bench.returncode == 143
    assert processes_with(mark) == []


def test_refuses_an_invalid_plan_with_one_line(command, tmp_path):
    (tmp_path / "plan.toml").write_text("rounds = 1")

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"The plan {tmp_path / 'plan.toml'} cannot be measured: it has no 'seconds'.\n"


def processes_with(mark: str) -> list[str]:
    """Id and command of the processes that were started with the variable."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                variables = (folder / "environ").read_bytes()
            except OSError:  # it has ended, or belongs to another user
                continue
            if f"BENCH_MARK={mark}".encode() in variables:
                found.append(" ".join([folder.name, *(folder / "cmdline").read_text().split("\0")]))
    return found
