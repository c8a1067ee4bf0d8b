"""All results of a run as JSON. The report is made from this only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from ..judging.claims import Figure, read_sources
from ..judging.figures import median_of
from ..judging.held import SERVICE_LEVEL_MS, held_per_s, rounds_held
from ..judging.intervals import Interval
from ..judging.judge import Judged
from ..judging.times import WAIT, busy_per_s, times_us
from ..measuring.models import Subject
from ..measuring.run import Run
from .report import machine

# The workload and lane of a server that does next to nothing: what the load generator can reach.
BARE = ("empty", "bare_asgi")


RECORD, PAGE = "figures.json", "index.html"


@dataclass
class Extras:
    """Facts about the services that need no load, by backend.

    Attributes:
        steps_us: the times of the steps of a request.
        lines: the lines of each file.
        core_lines: the lines that the services share.
        weight: packages and megabytes.
    """

    steps_us: dict[str, dict[str, float]] = field(default_factory=dict)
    lines: dict[str, dict[str, int]] = field(default_factory=dict)
    core_lines: int = 0
    weight: dict[str, dict[str, float | None]] = field(default_factory=dict)


def record_of(
    run: Run,
    judged: list[Judged],
    extras: Extras,
    *,
    given: Subject,
    began: datetime,
    is_complete: bool,
) -> dict[str, Any]:
    steps_us = times_us(run, extras.steps_us)
    return {
        "began": began.isoformat(timespec="seconds"),
        "is_quick": run.is_quick,
        "is_complete": is_complete,
        "rounds": run.rounds,
        "rounds_done": run.rounds_done,
        "seconds": run.seconds,
        "seed": run.seed,
        "cores": asdict(run.cores),
        "others_shares": run.others_shares,
        "others_in_experiments": run.others_in_experiments,
        "machine": machine(),
        "model": _model(given),
        "service_level_ms": SERVICE_LEVEL_MS,
        "bare_requests_per_s": _bare_requests_per_s(run),
        "workloads": {name: run.plan.asked[name].about for name in run.plan.names},
        "lanes": _lanes(run),
        "cells": cells_of(run),
        "held": _held(run),
        "rounds_held": _rounds_held(run),
        "steps_us": steps_us,
        "steps_at_per_s": {lane: busy_per_s(run, lane) for lane, steps in steps_us.items() if WAIT in steps},
        "lines": extras.lines,
        "core_lines": extras.core_lines,
        "weight": extras.weight,
        "claims": [_claim(each) for each in judged],
        "sources": read_sources(),
    }


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Locks the folder: no other run writes a report there meanwhile.

    Raises: BlockingIOError if another run does, another OSError if the folder is not writable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    TemporaryFile(dir=folder).close()
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def make_room(folder: Path) -> None:
    """Moves a finished report to `before/`, so that it is kept if the next run is stopped early.

    A quick report never replaces a full one.
    """
    before = folder / "before"
    last, kept = _finished(folder / RECORD), _finished(before / RECORD)
    if last and not (last.get("is_quick") and kept and not kept.get("is_quick")):
        before.mkdir(exist_ok=True)
        for left in (folder / RECORD, folder / PAGE):
            if left.exists():
                left.replace(before / left.name)


def _finished(path: Path) -> dict[str, Any] | None:
    """The record of a finished run; None if there is none."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record.get("is_complete") else None


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Writes all or nothing: if the run is stopped, the last record stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(record, indent=1, allow_nan=False))
    unfinished.replace(path)


def now() -> datetime:
    return datetime.now(UTC)


def cells_of(run: Run) -> list[dict[str, Any]]:
    """All figures of every round."""
    return [
        {
            "workload": cell.workload.name,
            "rows": cell.workload.rows,
            "connections": cell.workload.connections,
            "share": cell.workload.share,
            "lane": cell.lane,
            "needed_by": run.plan.needed_by[cell],
            "round": index,
            **asdict(figures),
        }
        for cell, of_rounds in run.measured.items()
        for index, figures in of_rounds.items()
    ]


def _model(subject: Subject) -> dict[str, Any]:
    manifest = subject.model.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "task": manifest.task,
        "n_features": len(manifest.signature.names),
        "digest": subject.model.digest,
        "limits": subject.limits,
    }


def _bare_requests_per_s(run: Run) -> float | None:
    cell = run.plan.saturating(*BARE)
    return median_of(run.measured, cell, "requests_per_s") if cell in run.measured and cell else None


def _lanes(run: Run) -> list[dict[str, Any]]:
    """Each lane once, with its facts by workload, in the order of the plan."""
    places = {lane: [place for place in run.lanes if place[1] == lane] for _, lane in run.lanes}
    return [
        {
            "lane": name,
            "title": run.plan.lanes[name].title or name,
            "note": run.plan.lanes[name].note,
            "kind": run.plan.lanes[name].kind,
            "workloads": [
                {
                    "workload": place[0],
                    "absent": run.absent.get(place),
                    "runtime": run.runtimes.get(place),
                    "cold_starts_s": run.cold_starts_s.get(place, []),
                }
                for place in of_lane
            ],
        }
        for name, of_lane in places.items()
    ]


def _held(run: Run) -> dict[str, dict[str, Any]]:
    """The held loads by workload and lane."""
    held: dict[str, dict[str, Any]] = {}
    for name, lane in _held_lanes(run):
        if interval := held_per_s(run.measured, name, lane):
            held.setdefault(name, {})[lane] = _figure(interval)
    return held


def _rounds_held(run: Run) -> dict[str, dict[str, tuple[int, int]]]:
    """In how many rounds the held load was held, and of how many, by workload and lane."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for name, lane in _held_lanes(run):
        found.setdefault(name, {})[lane] = rounds_held(run.measured, name, lane)
    return found


def _held_lanes(run: Run) -> list[tuple[str, str]]:
    """The workloads and lanes with constant rates."""
    return [*dict.fromkeys((cell.workload.name, cell.lane) for cell in run.measured if cell.workload.share)]


def _claim(judged: Judged) -> dict[str, Any]:
    claim = judged.claim
    return {
        "number": claim.number,
        "claim": claim.claim,
        "sources": claim.sources,
        "how": claim.how,
        "experiment": claim.experiment,
        "counts": claim.counts,
        "ratios": [asdict(ratio) for ratio in claim.ratios],
        "rules": {verdict: list(conditions) for verdict, conditions in claim.rules.items()},
        "on": claim.on,
        "untested": claim.untested,
        "shown": list(claim.shown),
        "figures": {name: _figure(figure) for name, figure in judged.figures.items()},
        "verdict": judged.verdict,
        "why_not": judged.why_not,
    }


def _figure(figure: Figure) -> dict[str, float] | float:
    return asdict(figure) if isinstance(figure, Interval) else float(figure)
