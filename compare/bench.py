"""Measures the services beside the fastest possible servers, in one run: `python -m compare.bench`."""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from .measuring.models import MODELS, Subject
from .measuring.plan import PlanError, read_plan
from .measuring.run import Run, measure
from .measuring.server import Cores, exit_through_finally
from .reporting.record import cells_of
from .reporting.report import machine, report

PLAN = Path(__file__).with_name("bench.toml")
JSON = Path(__file__).parent / "report" / "bench.json"
QUICK_ROUNDS, QUICK_SECONDS = 1, 0.5


def main() -> None:
    exit_through_finally()
    options = _options()
    try:
        plan = read_plan(options.plan, MODELS)
    except PlanError as reason:
        sys.exit(str(reason))
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else plan.rounds)
    seconds = options.seconds or (QUICK_SECONDS if options.quick else plan.seconds)
    run = Run(plan, rounds, seconds, options.seed, Cores.available())
    say(f"{len(run.cells)} cells, {rounds} x {seconds:g} s each: about {1 + run.total_s / 60:.0f} min")

    sizes = sorted({cell.workload.rows for cell in run.cells})
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        subjects = {}
        for name in plan.names:
            say(f"training {name}")
            MODELS[name](Path(folder, name))
            subjects[name] = Subject(Path(folder, name), sizes)
        measure(run, subjects, say)

    print(report(run))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(_raw(run), indent=1))
    print(f"\nRaw figures: {options.json}")
    if any(figures.faults for rounds_of in run.measured.values() for figures in rounds_of.values()):
        sys.exit(1)


def above_zero(kind: type[float]) -> Callable[[str], float]:
    def number(text: str) -> float:
        if not 0 < kind(text) < math.inf:
            raise ValueError(text)
        return kind(text)

    return number


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", type=Path, default=PLAN, help="which cells, a TOML file")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} round of {QUICK_SECONDS:g} s per cell")
    parser.add_argument("--rounds", type=above_zero(int), help="instead of the plan's")
    parser.add_argument("--seconds", type=above_zero(float), help="per cell and round, instead of the plan's")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the order; random if not given")
    parser.add_argument("--json", type=Path, default=JSON, help="where the raw figures go")
    return parser.parse_args()


def _raw(run: Run) -> dict[str, Any]:
    """Every figure of every round, as JSON."""
    return {
        "machine": machine(),
        "rounds": run.rounds,
        "seconds": run.seconds,
        "seed": run.seed,
        "cores": asdict(run.cores),
        "others_shares": run.others_shares,
        "lanes": [
            {
                "workload": name,
                "lane": lane,
                "absent": run.absent.get((name, lane)),
                "runtime": run.runtimes.get((name, lane)),
                "cold_starts_s": run.cold_starts_s.get((name, lane), []),
            }
            for name, lane in run.lanes
        ],
        "cells": cells_of(run),
    }


if __name__ == "__main__":
    main()
