"""A plan is read from TOML, and an invalid plan is refused with one line."""

from __future__ import annotations

import pytest

from compare.__main__ import PLAN as COMPARED
from compare.__main__ import budget_s
from compare.bench import PLAN, QUICK_ROUNDS, QUICK_SECONDS
from compare.experiments.registry import EXPERIMENTS, QUICK_EXPERIMENTS
from compare.judging.claims import read_claims
from compare.judging.intervals import LEAST_ROUNDS
from compare.measuring.models import MODELS
from compare.measuring.plan import GIVEN, Cell, PlanError, Workload, read_plan
from compare.measuring.run import Run
from compare.measuring.server import Cores

# The parts of the report that may need a cell, besides the claims; plan.toml describes them.
PARTS = {"curve", "fairness", "rows", "steps", "floor"}

SMALL = """
rounds = 3
seconds = 0.5
[lanes.fast]
backend = "fastapi"
command = "serve_fastapi"
env = { SERVE_ACCESS_LOG = "false" }
[lanes.in_process]
[[cells]]
workloads = ["m"]
lanes = ["fast", "in_process"]
rows = [1, 64]
connections = [16]
[[goals]]
what = "fast enough"
workload = "m"
rows = 64
connections = 16
figure = "requests_per_s"
lane = "fast"
against = ["in_process"]
at_least = 0.5
[baselines.fastapi]
in_process = "in_process"
"""


NEEDED = "it needs cells, and rounds, seconds, turns, rows, connections and shares above zero"


@pytest.fixture
def plan_of(tmp_path):
    def read(text):
        path = tmp_path / "plan.toml"
        path.write_text(text)
        return read_plan(path, ["m", "n"])

    return read


def test_the_plan_of_make_bench_can_be_measured():
    plan = read_plan(PLAN, MODELS)

    assert set(plan.names) <= set(MODELS)
    assert {cell.workload.connections for cell in plan.cells} == {1, 16, 64}
    assert {cell.workload.rows for cell in plan.cells} == {1, 64}


def test_lists_every_cell_once(plan_of):
    plan = plan_of(SMALL + SMALL[SMALL.index("[[cells]]") : SMALL.index("[[goals]]")])

    assert plan.cells == tuple(Cell(Workload("m", n, 16), lane) for n in (1, 64) for lane in ("fast", "in_process"))


@pytest.mark.parametrize(
    ("line", "instead", "reason"),
    [
        ("rounds = 3", "", "it has no 'rounds'"),
        ("rounds = 3", "rounds = 0", NEEDED),
        ("rounds = 3", "rounds = true", "it has no valid 'rounds'"),
        ("seconds = 0.5", 'seconds = "long"', "it has no valid 'seconds'"),
        ("seconds = 0.5", "seconds = 0.5\nwarmup = 1", "it has the unknown key 'warmup'"),
        ('"false"', "false", "the lane 'fast' has no valid 'env'"),
        ("[lanes.in_process]", "[lanes.in_process]\nport = 1", "the lane 'in_process' has the unknown key 'port'"),
        ('workloads = ["m"]', 'workloads = ["x"]', "there is no model 'x'; the models are m and n"),
        ("rows = [1, 64]", "rows = [0]", NEEDED),
        ("rows = [1, 64]", "rows = []", NEEDED),
        ("[baselines.fastapi]", "[workloads.m]\nmodel = 'm'\nturns = 0\n[baselines.fastapi]", NEEDED),
        ("seconds = 0.5", "seconds = inf", NEEDED),
        *(
            (
                "[lanes.in_process]",
                f"[lanes.in_process]\ncommand = '{command}'",
                "the lane 'in_process' has a command that",
            )
            for command in ("", "uvicorn {nope}", "uvicorn {", 'uvicorn "app')
        ),
        ("rows = [1, 64]", "rows = [1.5]", "an entry of cells has no valid 'rows'"),
        ('"fast", "in_process"', '"fast", "in_process", "slow"', "there is no lane 'slow'"),
        ('in_process = "in_process"', 'in_process = "none"', "there is no lane 'none'"),
        (
            "[baselines.fastapi]",
            "[workloads.m]\nmodel = 'm'\nupstream = 'store'\n[baselines.fastapi]",
            "there is no lane 'store'",
        ),
        ('"requests_per_s"', '"speed"', "the goal 'fast enough' is about 'speed', not cpu_us or p50_ms or"),
        (
            "connections = [16]",
            "connections = [16]\nshares = [0.5]",
            "the lane 'fast' is offered a share in m, 1 x 16 at 50%, but no cell without a share measures its maximum",
        ),
        ("rows = 64", "rows = 2", "the goal 'fast enough' needs a cell of the lane 'fast', which the plan lacks"),
    ],
)
def test_refuses_an_invalid_plan(plan_of, line, instead, reason):
    assert line in SMALL

    with pytest.raises(PlanError) as refused:
        plan_of(SMALL.replace(line, instead))

    assert f"plan.toml cannot be measured: {reason}" in str(refused.value)


def test_refuses_invalid_toml(plan_of):
    with pytest.raises(PlanError, match=r"plan.toml is not TOML: "):
        plan_of("rounds = ")


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(PlanError, match=r"nowhere.toml cannot be read: No such file or directory\.$"):
        read_plan(tmp_path / "nowhere.toml", ["m"])


def test_the_plan_of_make_compare_matches_the_claims():
    plan = read_plan(COMPARED, [*MODELS, GIVEN])
    claims = {str(claim.number): claim for claim in read_claims()}
    for number, claim in claims.items():
        for ratio in claim.ratios:
            for lane in filter(None, (ratio.lane, ratio.against)):
                cells = [cell for cell in plan.cells if (cell.workload.name, cell.lane) == (ratio.workload, lane)]
                assert any(number in plan.needed_by[cell] for cell in cells), (number, lane)
    for cell, needed_by in plan.needed_by.items():
        assert needed_by, cell
        for each in set(needed_by) - PARTS:
            asked = {(ratio.workload, lane) for ratio in claims[each].ratios for lane in (ratio.lane, ratio.against)}
            assert (cell.workload.name, cell.lane) in asked, (each, cell)


def test_only_closed_loops_take_a_warm_up():
    run = Run(read_plan(COMPARED, [*MODELS, GIVEN]), 7, 5.0, 0, Cores(server=1, load=0))

    took_s = {cell: run.cell_s(cell) for cell in run.cells if cell not in run.plan.probed}

    assert {took_s[cell] for cell in took_s if cell.workload.share} == {5.0}
    assert {took_s[cell] for cell in took_s if not cell.workload.share} == {5.0 + run.warm_up_s}


def test_a_full_run_takes_under_forty_minutes_and_a_quick_one_about_two():
    plan, two = read_plan(COMPARED, [*MODELS, GIVEN]), Cores(server=1, load=0)

    assert plan.rounds >= LEAST_ROUNDS
    assert budget_s(Run(plan, plan.rounds, plan.seconds, 0, two), EXPERIMENTS) < 39 * 60
    assert budget_s(Run(plan, QUICK_ROUNDS, QUICK_SECONDS, 0, two), QUICK_EXPERIMENTS) <= 2.5 * 60
