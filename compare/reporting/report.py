"""The report of a bench: tables, goals, and doubts about the figures."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from math import floor, log10
from pathlib import Path
from statistics import median
from textwrap import shorten

from ..judging.figures import BUSY_LOAD_SHARE, bound_of, goal_ratios, median_of, ratios, verdict
from ..measuring.others import of_others
from ..measuring.plan import Cell
from ..measuring.run import Run, where

LIBRARIES = (
    *("fastapi", "starlette", "pydantic", "uvicorn", "uvloop", "httptools", "aiohttp"),
    *("flask", "werkzeug", "gunicorn", "quart", "spectree", "urllib3"),
    *("granian", "mosec", "scikit-learn", "onnxruntime", "orjson"),
)

ROUNDS_TO_JUDGE = 3
# The longest message of a lane that cannot start, in characters.
MOST_SAID = 160

Row = Sequence[str]


def report(run: Run) -> str:
    return "\n\n".join([_about(run), *_workloads(run), *_lanes(run), *_goals(run), "\n".join(_doubts(run))])


@cache
def machine() -> dict[str, str]:
    """The machine and versions that the figures depend on."""
    cpu = re.search(r"^model name\s*: (.+)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    about = {
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    for library in LIBRARIES:
        try:
            about[library] = version(library)
        except PackageNotFoundError:  # a backend that is not here
            continue
    if shutil.which("node"):
        told = subprocess.run(["node", "--version"], capture_output=True, text=True)
        about["node"] = told.stdout.strip().removeprefix("v")
    return about


def _about(run: Run) -> str:
    pinned = f"servers on core {run.cores.server}, load on core {run.cores.load}"
    if run.cores.server == run.cores.load:
        pinned = "servers and load on the only core, where they slow each other"
    lines = [
        f"Medians of {_count(run.rounds, 'round')} of {run.seconds:g} s per cell, {pinned}, seed {run.seed}.",
        f"{', '.join(f'{name} {value}' for name, value in machine().items())}.",
        "Columns with a slash: requests/s divided by those of that lane, round by round.",
    ]
    return "\n".join(lines)


def _workloads(run: Run) -> Iterable[str]:
    """A table for each model and number of rows."""
    bases = list(dict.fromkeys(base for of_backend in run.plan.baselines.values() for base in of_backend))
    head = ["connections", "lane", "requests/s", "rows/s", "p50 ms", "p99 ms", "CPU µs", "load %"]
    head += [f"/ {base.replace('_', ' ')}" for base in bases]
    names, lanes = run.plan.names, list(run.plan.lanes)
    tables = defaultdict(list)
    for cell in sorted(run.measured, key=lambda cell: (cell.workload.connections, lanes.index(cell.lane))):
        tables[names.index(cell.workload.name), cell.workload.rows].append(cell)
    for (index, n_rows), cells in sorted(tables.items()):
        lines: list[Row] = []
        for cell in cells:
            is_next = bool(lines) and lines[-1][0] != str(cell.workload.connections)
            lines += [[""] * len(head)] * is_next + [_line(run, cell, bases)]
        yield f"{names[index]}, {_count(n_rows, 'row')} per request\n{table(head, lines, texts={'lane'})}"


def _line(run: Run, cell: Cell, bases: Sequence[str]) -> Row:
    shown = ["requests_per_s", "rows_per_s", "p50_ms", "p99_ms", "cpu_us"]
    figures = [digits(median_of(run.measured, cell, figure)) for figure in shown]
    lane = run.plan.lanes[cell.lane]
    load_percent = f"{median_of(run.measured, cell, 'load_share') * 100:.0f}" if lane.command else ""
    against = run.plan.baselines.get(lane.backend or "", {})
    is_base = cell.lane in against.values()
    ratios_to = [_ratio_to(run, cell, against[base]) if base in against and not is_base else "" for base in bases]
    return [str(cell.workload.connections), cell.lane, *figures, load_percent, *ratios_to]


def _ratio_to(run: Run, cell: Cell, lane: str) -> str:
    found = ratios(run.measured, "requests_per_s", cell, [Cell(cell.workload, lane)])
    return _ratio(median(found)) if found else ""


def _lanes(run: Run) -> Iterable[str]:
    lines = []
    for name, lane in run.lanes:
        starts_s = run.cold_starts_s.get((name, lane))
        held = [median_of(run.measured, cell, "memory_mib") for cell in run.measured if where(cell) == (name, lane)]
        took = [digits(median(starts_s)), f"{max(held):.0f}"] if starts_s and held else ["", ""]
        if held:
            lines.append([name, lane, run.runtimes.get((name, lane), ""), *took])
    head = ["workload", "lane", "runtime", "cold start s", "memory MiB"]
    if lines:
        yield f"Time from the start to the first answer, and memory after load\n{table(head, lines, {*head[:3]})}"


def _goals(run: Run) -> Iterable[str]:
    """The bounds and the results, computed from the rounds."""
    lines = []
    for goal in run.plan.goals:
        found = goal_ratios(run.measured, goal)
        bound = bound_of(goal)
        asked = f"{goal.figure}, {goal.asked}"
        if found:
            of_rounds = f"{_ratio(min(found))} to {_ratio(max(found))}"
            lines.append([goal.what, asked, _ratio(median(found)), of_rounds, bound, verdict(goal, median(found))])
        else:
            lines.append([goal.what, asked, "", "", bound, "not measured"])
    head = ["goal", "figure, workload, rows x connections", "ratio", "in the rounds", "bound", "verdict"]
    if lines:
        yield table(head, lines, {*head[:2], "verdict"})


def _doubts(run: Run) -> list[str]:
    """Unmeasured lanes, wrong answers, and whether the load generator was the bottleneck."""
    absent = dict.fromkeys((lane, why) for (_, lane), why in run.absent.items())
    lines = [shorten(f"{lane}: {why}", MOST_SAID, placeholder=" ...") for lane, why in absent]
    lines.append(of_others(run.others_shares))
    if run.rounds < ROUNDS_TO_JUDGE:
        lines.append(f"With fewer than {ROUNDS_TO_JUDGE} rounds a verdict is a first impression.")
    faults = Counter[str]()
    for cell, of_rounds in run.measured.items():
        for figures in of_rounds.values():
            faults.update({f"{_name(cell)}: {fault}": count for fault, count in figures.faults.items()})
    lines += [f"WRONG, {fault}: {count} requests." for fault, count in faults.items()]
    if run.measured and not faults:
        lines.append("Every answer was checked, and none was wrong.")
    return lines + doubts_of_load(run)


def doubts_of_load(run: Run) -> list[str]:
    """A fast lane may be limited by the load generator. Constant rates do not count: they keep it busy all the time."""
    closed = [cell for cell in run.measured if cell.workload.share is None]
    asked = [cell for cell in closed if run.plan.lanes[cell.lane].command]
    if not asked:
        return []
    per_s = {cell: median_of(run.measured, cell, "requests_per_s") for cell in asked}
    load_shares = {cell: median_of(run.measured, cell, "load_share") for cell in asked}
    fastest = max(asked, key=lambda cell: per_s[cell])
    near = [cell.lane for cell in asked if per_s[cell] > per_s[fastest] / 2 and cell.lane != fastest.lane]
    bound = [_name(cell) for cell in asked if load_shares[cell] > BUSY_LOAD_SHARE]
    return [
        f"The load generator got at most {digits(per_s[fastest])} answers per second, from {_name(fastest)}, "
        f"and used {load_shares[fastest]:.0%} of its core.",
        f"More than half as fast as that: {_all(near) or 'nothing else'}.",
        f"It was the bottleneck, with more than {BUSY_LOAD_SHARE:.0%} of its core, of: {_all(bound) or 'nothing'}.",
    ]


def _name(cell: Cell) -> str:
    return f"{cell.lane} ({cell.workload})"


def _all(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def digits(value: float) -> str:
    """Three significant digits."""
    return f"{value:,.{max(0, 2 - floor(log10(abs(value) or 1)))}f}"


def _ratio(value: float) -> str:
    return f"{value:,.2f}" if value >= 0.1 else f"{value:.3f}"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" + "s" * (n > 1)


def table(head: Row, lines: Sequence[Row], texts: Collection[str]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if name in texts else cell.rjust(width)
            for name, cell, width in zip(head, line, widths, strict=True)
        ).rstrip()
        for line in [head, *lines]
    )
