"""`python -m compare` on a small plan: its report, and its messages about what could not be measured."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from compare.__main__ import Comparison
from compare.judging.claims import Claim
from compare.lanes.upstream import WAIT_S
from compare.measuring.models import Subject
from compare.measuring.plan import read_plan
from compare.measuring.run import Run
from compare.measuring.server import Cores
from compare.reporting.record import alone_in, make_room
from model.artifact import load
from serve_core.settings import Settings

from ..artifacts import package
from ..house.copies import environment
from ..services import BACKENDS, PATIENCE_S, ROOT, eventually
from .test_bench import processes_with

pytestmark = pytest.mark.slow

SERVICES = "".join(
    f"""
[lanes.{backend}]
kind = "service"
backend = "{backend}"
command = "serve_{backend}"
env = {{ SERVE_ACCESS_LOG = "false" }}
"""
    for backend in BACKENDS
)
PLAN = f"""
rounds = 1
seconds = 0.3
[workloads.compiled]
model = "given"
about = "A prediction."
turns = 2
{SERVICES}
[[cells]]
workloads = ["compiled"]
lanes = {BACKENDS}
rows = [1]
connections = [4]
needed_by = ["1"]
[[cells]]
workloads = ["compiled"]
lanes = {BACKENDS}
rows = [1]
connections = [4]
shares = [0.2]
probes_health = true
needed_by = ["curve"]
"""


def on_one_connection(workload, lanes):
    return f"""
[[cells]]
workloads = ["{workload}"]
lanes = {lanes}
rows = [1]
connections = [1]
needed_by = ["floor"]
"""


IN_PROCESS = f"""
rounds = 1
seconds = 0.1
[workloads.compiled]
model = "given"
[lanes.in_process]
{on_one_connection("compiled", ["in_process"])}
"""


def with_lane(name, table):
    """The plan with one more lane."""
    return f"{PLAN}\n[lanes.{name}]\n{table}\n{on_one_connection('compiled', [name])}"


def upstream_plan(
    lanes, names, upstream='command = "granian compare.lanes.upstream:app --interface asgi --port {port}"'
):
    """A plan whose lanes call an upstream."""
    return f"""
rounds = 1
seconds = 0.3
[workloads.asking]
model = "given"
upstream = "store"
[lanes.store]
{upstream}
{lanes}
{on_one_connection("asking", names)}
"""


@pytest.fixture
def comparison(tmp_path, served_artifact):
    """The command for a given plan."""

    def command(plan):
        (tmp_path / "plan.toml").write_text(plan)
        options = ["--plan", tmp_path / "plan.toml", "--model", served_artifact, "--report", tmp_path / "report"]
        quick = ["--quick", "--seconds", "1"]
        return [sys.executable, "-m", "compare", *options, "--seed", "42", *quick, "--without-experiments"]

    return command


@pytest.fixture
def record(tmp_path):
    return lambda: json.loads((tmp_path / "report" / "figures.json").read_bytes())


def test_a_quick_run_writes_figures_and_a_page_but_no_measured_verdicts(comparison, record, served_artifact, tmp_path):
    run = subprocess.run(comparison(PLAN), cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr.startswith(f"{2 * len(BACKENDS)} cells, 1 x 1 s each: about ")
    left = record()
    assert (left["is_complete"], left["is_quick"], left["seed"], left["rounds_done"]) == (True, True, 42, 1)
    assert left["model"]["name"] == load(served_artifact).manifest.name
    assert len(left["others_shares"]) == 1
    assert ("node" in left["machine"]) == bool(shutil.which("node"))
    for backend in BACKENDS:
        closed, opened = sorted(
            (cell for cell in left["cells"] if cell["lane"] == backend), key=lambda cell: cell["share"] is not None
        )
        assert min(closed["requests_per_s"], opened["requests_per_s"]) > 0
        assert (len(closed["turns"]), len(opened["turns"])) == (2, 0)
        assert opened["offered_per_s"] == pytest.approx(0.2 * closed["requests_per_s"])
        assert closed["health_p99_ms"] is closed["offered_per_s"] is None
        assert opened["health_p99_ms"] > 0
        assert f"{backend} (compiled, 1 x 4 at 20%), " in run.stderr
        assert left["held"]["compiled"][backend]["median"] in (0, pytest.approx(opened["offered_per_s"]))
    assert len(left["claims"]) == 33
    assert {claim["verdict"] for claim in left["claims"] if claim["how"] == "measured"} == {"not measured"}
    assert all(claim["why_not"] for claim in left["claims"])
    assert (tmp_path / "report" / "index.html").exists()
    assert f"The report: {tmp_path / 'report' / 'index.html'}" in run.stdout
    told = run.stderr[run.stderr.index("The load generator got at most ") :]
    assert re.match(r"The load generator got at most [\d,]+ answers per second, from \w+ \(compiled, 1 x 4\)", told)
    assert " at 20%)" not in told  # at a constant rate it is always awake


def test_reports_unmeasured_lanes_and_continues(comparison, record):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        plan = f"""{PLAN}
[lanes.dying]
command = "tests.compare.dying {{port}}"
[lanes.port_in_use]
command = "serve_{BACKENDS[0]}"
env = {{ SERVE_PORT = "{port}" }}
[lanes.without_package]
packages = ["no_such_package"]
command = "no_such_package"
[lanes.without_program]
program = "no-such-program"
command = "server.js {{port}}"
{on_one_connection("compiled", ["dying", "port_in_use", "without_package", "without_program"])}
"""
        run = subprocess.run(comparison(plan), cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 1, run.stdout + run.stderr
    assert run.stderr.splitlines()[-1] == (
        "Some answers were wrong; the report says which. Some lanes could not start, or died; the report says which."
    )
    absent = {lane["lane"]: lane["workloads"][0]["absent"] for lane in record()["lanes"]}
    assert absent == {
        **dict.fromkeys(BACKENDS),
        "dying": "This lane died in round 1: its exit code was 3, and its last line: There is no more memory.",
        "port_in_use": f"This lane could not start: Cannot listen on 127.0.0.1, port {port}: Address already in use.",
        "without_package": "The package no_such_package is not installed.",
        "without_program": "The program no-such-program is not installed.",
    }
    assert all(f"compiled, {lane}: {reason}" in run.stderr for lane, reason in absent.items() if reason)
    assert {cell["lane"] for cell in record()["cells"]} == {*BACKENDS, "dying"}
    assert {cell["lane"] for cell in record()["cells"] if cell["faults"]} == {"dying"}


def test_measures_a_model_whose_requests_exceed_the_default_limits(comparison, record, tmp_path):
    package("thousand_columns", tmp_path / "wide")
    hundred_rows = PLAN.replace("rows = [1]", "rows = [100]")

    run = subprocess.run(
        [*comparison(hundred_rows), "--model", tmp_path / "wide"], cwd=ROOT, capture_output=True, text=True
    )

    assert run.returncode == 0, run.stdout + run.stderr
    limits = record()["model"]["limits"]
    assert int(limits["SERVE_MAX_BODY_BYTES"]) > Settings().max_body_bytes


def test_records_other_load_during_timed_experiments_and_survives_failures(tmp_path, served_artifact):
    def fails():
        raise RuntimeError("There is another version.")

    (tmp_path / "plan.toml").write_text(IN_PROCESS)
    run = Run(read_plan(tmp_path / "plan.toml", ["given"]), 1, 0.1, 42, Cores.available())
    subject = Subject(served_artifact, [1])
    timed = Claim(5, "", "", "demonstrated", experiment="timed", is_timed=True)
    comparison = Comparison(run, {"compiled": subject}, subject, [timed], tmp_path)

    comparison.make({"failing": fails, "counted": lambda: {"found": 1.0}, "timed": lambda: {"found": 1.0}})

    assert comparison.what_went_wrong() == ["These experiments failed: failing."]
    left = json.loads((tmp_path / "figures.json").read_bytes())
    assert left["others_in_experiments"].keys() == {"timed"}
    assert left["is_complete"]


def test_handlers_call_the_upstream_and_wait(comparison, record):
    asking = {
        "fastapi": "uvicorn compare.lanes.fastapi_upstream:app --port {port}",
        "flask": "gunicorn compare.lanes.flask_upstream:app -k gthread --no-control-socket --bind 127.0.0.1:{port}",
    }
    lanes = "".join(f'[lanes.{backend}]\ncommand = "{asking[backend]}"\n' for backend in BACKENDS)

    run = subprocess.run(comparison(upstream_plan(lanes, BACKENDS)), cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout + run.stderr
    answered = {cell["lane"]: cell["p50_ms"] for cell in record()["cells"]}
    assert answered.keys() == set(BACKENDS)
    assert min(answered.values()) >= 1000 * WAIT_S


@pytest.mark.parametrize(
    ("upstream", "reason"),
    [
        (
            'command = "tests.compare.dying {port}"',
            "Its upstream died in round 1: its exit code was 3, and its last line: There is no more memory.",
        ),
        (
            'command = "no_such_module"',
            f"Its upstream could not start: {sys.executable}: No module named no_such_module.",
        ),
    ],
)
def test_reports_why_the_upstream_is_missing(comparison, record, upstream, reason):
    lane = '[lanes.asking]\ncommand = "tests.compare.relaying {port}"\n'

    run = subprocess.run(
        comparison(upstream_plan(lane, ["asking"], upstream)), cwd=ROOT, capture_output=True, text=True
    )

    assert run.returncode == 1, run.stdout + run.stderr
    assert record()["lanes"][0]["workloads"][0]["absent"] == reason
    assert f"asking, asking: {reason}" in run.stderr


def test_reports_an_upstream_that_is_not_installed(comparison, record):
    upstream = 'packages = ["no_such_package"]\ncommand = "no_such_package"'
    alone = f'[workloads.alone]\nmodel = "given"\n{on_one_connection("alone", ["asking"])}'
    lane = f'[lanes.asking]\ncommand = "serve_{BACKENDS[0]}"\n'

    run = subprocess.run(
        comparison(upstream_plan(lane, ["asking"], upstream) + alone), cwd=ROOT, capture_output=True, text=True
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "asking, asking: The package no_such_package is not installed." in run.stderr
    absent = {each["workload"]: each["absent"] for each in record()["lanes"][0]["workloads"]}
    assert absent == {"asking": "The package no_such_package is not installed.", "alone": None}


def test_reports_a_lane_that_dies_before_calling_its_upstream(comparison, record):
    lane = '[lanes.asking]\ncommand = "tests.compare.dying {port}"\n'

    run = subprocess.run(comparison(upstream_plan(lane, ["asking"])), cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 1, run.stdout + run.stderr
    assert record()["lanes"][0]["workloads"][0]["absent"].startswith("This lane died in round 1: its exit code was 3")


def test_refuses_a_report_folder_of_a_running_comparison(comparison, tmp_path):
    with alone_in(tmp_path / "report"):
        refused = subprocess.run(comparison(PLAN), cwd=ROOT, capture_output=True, text=True)

    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == f"Another comparison writes its report to {tmp_path / 'report'}."


def test_missing_packages_are_not_failures(comparison):
    plan = with_lane("without_package", 'packages = ["no_such_package"]\ncommand = "no_such_package"')

    run = subprocess.run(comparison(plan), cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout + run.stderr
    assert "compiled, without_package: The package no_such_package is not installed." in run.stderr


def test_reports_that_nothing_can_be_measured(comparison, tmp_path):
    run = subprocess.run(comparison(PLAN), cwd=ROOT, env=environment(PATH="/nowhere"), capture_output=True, text=True)

    assert run.returncode == 1
    assert run.stderr == (
        "Nothing of the plan can be measured here. The program setpriv of util-linux is not installed.\n"
    )
    assert not (tmp_path / "report" / "figures.json").exists()


def test_fails_after_a_wrong_answer(comparison, record):
    plan = with_lane("failing", 'command = "tests.compare.failing {port}"')

    run = subprocess.run(comparison(plan), cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 1, run.stdout + run.stderr
    assert run.stderr.splitlines()[-1] == "Some answers were wrong; the report says which."
    assert {cell["lane"] for cell in record()["cells"] if cell["faults"]} == {"failing"}


@pytest.mark.parametrize(
    "last, kept, is_kept_then",
    [
        ({"is_complete": True, "is_quick": False}, {"is_complete": True, "is_quick": True}, "last"),
        ({"is_complete": True, "is_quick": True}, {"is_complete": True, "is_quick": False}, "kept"),
        ({"is_complete": True, "is_quick": True}, {"is_complete": True, "is_quick": True}, "last"),
        ({"is_complete": False, "is_quick": False}, {"is_complete": True, "is_quick": True}, "kept"),
        ([], {"is_complete": True, "is_quick": True}, "kept"),
    ],
)
def test_keeps_the_last_finished_report_and_prefers_a_full_one(tmp_path, last, kept, is_kept_then):
    (tmp_path / "before").mkdir()
    (tmp_path / "figures.json").write_text(json.dumps(last))
    (tmp_path / "before" / "figures.json").write_text(json.dumps(kept))

    make_room(tmp_path)

    assert json.loads((tmp_path / "before" / "figures.json").read_bytes()) == {"last": last, "kept": kept}[is_kept_then]


def reading(command, **variables):
    """A process whose progress can be read while it runs."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_run_leaves_no_server_and_an_incomplete_record(comparison, record, tmp_path, signum):
    mark = uuid4().hex
    report = tmp_path / "report"
    report.mkdir()
    (report / "figures.json").write_text('{"is_complete": true}')
    (report / "index.html").write_text("an earlier one")
    plan = PLAN.replace("shares = [0.2]", "shares = [0.2, 0.3, 0.4]")
    command = ["env", "--default-signal=HUP", *comparison(plan), "--rounds", "99"]  # the tests may run under nohup
    with reading(command, BENCH_MARK=mark) as run:
        next(line for line in run.stderr if line.startswith("round 2 of 99"))

        run.send_signal(signum)

        _, told = run.communicate(timeout=PATIENCE_S)
    assert told.splitlines()[-1] == f"Stopped. The results so far: {report / 'index.html'}"
    assert run.returncode == 128 + signum
    assert processes_with(mark) == []
    assert (record()["is_complete"], record()["rounds_done"], record()["rounds"]) == (False, 1, 99)
    assert {cell["round"] for cell in record()["cells"]} >= {0, 1}
    assert (report / "index.html").read_text() != (report / "before" / "index.html").read_text() == "an earlier one"


def test_reports_a_stop_before_the_first_measurement(comparison, tmp_path):
    plan = PLAN.replace('model = "given"', 'model = "heavy"')
    with reading(comparison(plan)) as run:
        next(line for line in run.stderr if line == "training heavy\n")

        run.terminate()

        _, told = run.communicate(timeout=PATIENCE_S)
    assert told == "Stopped before anything was measured.\n"
    assert run.returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "report" / "figures.json").exists()


def test_every_thread_of_a_lane_runs_on_the_server_core(comparison):
    mark = uuid4().hex
    command = [*comparison(PLAN), "--rounds", "99"]
    with reading(command, BENCH_MARK=mark) as run:
        next(line for line in run.stderr if line.startswith("round 1 of 99"))
        started = [each for each in processes_with(mark) if "serve_" in each]
        cores = {backend: cores_of(each for each in started if f"serve_{backend}" in each) for backend in BACKENDS}

        run.terminate()

        run.communicate(timeout=PATIENCE_S)
    assert cores == {backend: {Cores.available().server} for backend in BACKENDS}


def cores_of(processes):
    """The cores on which their threads may run."""
    cores = set()
    for process in processes:
        for thread in Path("/proc", process.split()[0], "task").iterdir():
            with suppress(ProcessLookupError):  # it has ended
                cores |= os.sched_getaffinity(int(thread.name))
    return cores


def test_a_killed_comparison_ends_its_servers_and_keeps_the_last_round(comparison, record, tmp_path):
    mark = uuid4().hex
    command = [*comparison(PLAN), "--rounds", "99"]
    with reading(command, BENCH_MARK=mark) as run:
        next(line for line in run.stderr if line.startswith("round 2 of 99"))
        assert len(processes_with(mark)) > 1

        run.kill()

        run.communicate(timeout=PATIENCE_S)  # servers and health checks hold standard error, too
    eventually(lambda: not processes_with(mark))
    assert (record()["is_complete"], record()["rounds_done"]) == (False, 1)
    assert "The run ended after 1 of 99 rounds" in (tmp_path / "report" / "index.html").read_text()


def test_refuses_an_invalid_plan_or_model_with_one_line(comparison, tmp_path):
    options = comparison("rounds = 1")
    refused = subprocess.run(options, cwd=ROOT, capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"The plan {tmp_path / 'plan.toml'} cannot be measured: it has no 'seconds'.\n"

    empty = tmp_path / "empty"
    empty.mkdir()
    refused = subprocess.run([*comparison(PLAN), "--model", empty], cwd=ROOT, capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert str(empty) in refused.stderr
    assert "Traceback" not in refused.stderr

    report = tmp_path / "report" / "figures.json"
    report.write_text('{"is_complete": true}')
    missing = tmp_path / "missing"
    refused = subprocess.run([*comparison(PLAN), "--model", missing], cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == f"{missing}/manifest.json cannot be read: No such file or directory"
    assert not missing.exists()
    assert report.exists()  # of an earlier run


def test_checks_the_report_folder_before_measuring(comparison, tmp_path):
    (tmp_path / "report").write_text("a file")

    refused = subprocess.run(comparison(PLAN), cwd=ROOT, capture_output=True, text=True)

    assert refused.returncode == 1
    assert refused.stderr == f"The report cannot be written to {tmp_path / 'report'}: File exists.\n"
