"""Reads figures.json: medians over the rounds, ratios within them, and None for missing figures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from ..judging.figures import BUSY_LOAD_SHARE, IN_TURNS, ratio_of_turns
from ..judging.intervals import Interval, interval_of
from ..judging.times import REST, WAIT
from ..measuring.others import is_spoilt
from .words import BACKENDS, Figure, capital, digits, of_interval, plain

# The parts that a run may lack if it was stopped early.
EMPTY: Mapping[str, Any] = {
    "began": "",
    "is_quick": False,
    "is_complete": False,
    "rounds": 0,
    "rounds_done": 0,
    "seconds": None,
    "seed": None,
    "cores": {},
    "others_shares": [],
    "others_in_experiments": {},
    "machine": {},
    "model": {},
    "service_level_ms": None,
    "bare_requests_per_s": None,
    "workloads": {},
    "lanes": [],
    "cells": [],
    "held": {},
    "rounds_held": {},
    "steps_us": {},
    "steps_at_per_s": {},
    "lines": {},
    "core_lines": None,
    "weight": {},
    "claims": [],
    "sources": {},
}

# The lanes of each choice, and the text about the choice beside the workload.
ALTERNATIVES = {
    ("fastapi", "flask"): "",
    ("fastapi_gunicorn", "flask"): ", gunicorn",
    ("fastapi_granian", "flask_granian"): ", granian",
    ("fastapi_empty", "flask_empty"): "",
    ("fastapi_granian_empty", "flask_granian_empty"): ", granian",
    ("fastapi_validated", "flask_validated"): "",
    ("fastapi_upstream", "flask_upstream_64"): ", 64 threads",
}


@dataclass(frozen=True)
class Demand:
    """The requests of a cell."""

    workload: str
    rows: int
    connections: int


class Record:
    """
    Attributes:
        raw: all of figures.json.
        lanes: the lanes by name.
    """

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw: Mapping[str, Any] = {**EMPTY, **{key: value for key, value in raw.items() if value is not None}}
        self.lanes: dict[str, Mapping[str, Any]] = {lane["lane"]: lane for lane in self.raw["lanes"]}
        self._cells: dict[tuple[Demand, str, float | None], list[Mapping[str, Any]]] = defaultdict(list)
        for cell in self.raw["cells"]:
            asked = Demand(cell["workload"], cell.get("rows", 1), cell.get("connections", 1))
            self._cells[asked, cell["lane"], cell.get("share")].append(cell)

    def title(self, lane: str) -> str:
        return str(self.lanes.get(lane, {}).get("title") or plain(lane))

    def choice(self, lane: str) -> str:
        """The choice that a lane stands for; its title if it stands for none."""
        for pair, server in ALTERNATIVES.items():
            for backend, each in zip(BACKENDS, pair, strict=True):
                if each == lane:
                    return BACKENDS[backend] + server
        return self.title(lane)

    def first_of(self, lane: str) -> Mapping[str, Any]:
        """The facts about a lane in the first workload that measures it."""
        workloads = self.lanes.get(lane, {}).get("workloads")
        return workloads[0] if workloads else {}

    def why_absent(self, lane: str) -> str:
        """Why the lane is missing, and in which workloads; empty if it was measured in all of them."""
        workloads = self.lanes.get(lane, {}).get("workloads", [])
        reasons = {each["workload"]: each["absent"] for each in workloads if each["absent"]}
        if len(reasons) == len(workloads) and len(set(reasons.values())) == 1:
            return str(next(iter(reasons.values())))
        return " ".join(f"{capital(plain(workload))}: {reason}" for workload, reason in reasons.items())

    def name_of(self, asked: Demand) -> str:
        """The name of the workload, with its unusual requests."""
        usual = self.usual(asked.workload)
        words = [plain(asked.workload)]
        if usual and asked.rows != usual.rows:
            words.append(_counted(asked.rows, "row"))
        if usual and asked.connections != usual.connections:
            words.append(_counted(asked.connections, "connection"))
        return ", ".join(words)

    def usual(self, workload: str) -> Demand | None:
        """The usual requests of a workload."""
        demands = Counter(asked for asked, _, _ in self._cells if asked.workload == workload)
        return demands.most_common(1)[0][0] if demands else None

    def usually(self, workload: str) -> str:
        """The usual requests in words; empty if the workload was not measured."""
        usual = self.usual(workload)
        return f"{_counted(usual.rows, 'row')}, {_counted(usual.connections, 'connection')}." if usual else ""

    @cached_property
    def saturated(self) -> dict[Demand, list[str]]:
        """The lanes in closed loops, by their requests."""
        return self._lanes_of(self._cells_where(is_open=False))

    @cached_property
    def offered(self) -> dict[Demand, list[str]]:
        """The lanes at constant rates, by their requests."""
        return self._lanes_of(self._cells_where(is_open=True))

    def interval(self, figure: str, asked: Demand, lane: str) -> Interval | None:
        """The interval of a lane in a closed loop."""
        found = list(self._rounds(figure, asked, lane).values())
        return interval_of(found) if found else None

    def median(self, figure: str, asked: Demand, lane: str) -> float | None:
        found = list(self._rounds(figure, asked, lane).values())
        return median(found) if found else None

    def ratio(self, figure: str, asked: Demand, lane: str, against: str) -> Interval | None:
        """The ratio over rounds with both lanes and without wrong answers: turn by turn, as for claims."""
        found, base = self._turns(figure, asked, lane), self._turns(figure, asked, against)
        of_rounds = [ratio_of_turns(found[index], base[index]) for index in sorted(found.keys() & base.keys())]
        known = [ratio for ratio in of_rounds if ratio]
        return interval_of(known) if known else None

    def curve(self, figure: str, asked: Demand, lane: str) -> list[tuple[float, float]]:
        """One point for each constant rate: the rate and the figure, both medians of the rounds."""
        shares = [share for each, name, share in self._cells if (each, name) == (asked, lane) and share is not None]
        points = []
        for share in shares:
            rates = self._rounds("offered_per_s", asked, lane, share).values()
            values = self._rounds(figure, asked, lane, share).values()
            if rates and values:
                points.append((median(rates), median(values)))
        return sorted(points)

    def _offered_per_s(self, workload: str, lane: str) -> tuple[float | None, float | None]:
        """The lowest and the highest constant rate, each a median of the rounds."""
        curves = [self.curve("p99_ms", asked, lane) for asked in self.offered if asked.workload == workload]
        rates = [rate for points in curves for rate, _ in points]
        return min(rates, default=None), max(rates, default=None)

    @property
    def shares(self) -> list[float]:
        """The constant rates as shares of the lane's maximum."""
        return sorted({cell["share"] for cell in self.raw["cells"] if cell.get("share")})

    @cached_property
    def choices(self) -> dict[str, Interval]:
        """FastAPI's rate divided by Flask's, by their requests, on their own servers and on the same one."""
        ratios = {
            self.name_of(asked) + suffix: self.ratio("requests_per_s", asked, fastapi, flask)
            for asked, lanes in self.saturated.items()
            for (fastapi, flask), suffix in ALTERNATIVES.items()
            if fastapi in lanes and flask in lanes
        }
        return {name: ratio for name, ratio in ratios.items() if ratio}

    @cached_property
    def held(self) -> dict[str, dict[str, Interval]]:
        """The held requests per second (p99 within the service level), by workload and backend."""
        found = {
            workload: {backend: of[backend] for backend in BACKENDS if backend in of}
            for workload, of in self.held_by_lanes.items()
        }
        return {workload: of for workload, of in found.items() if of}

    @cached_property
    def held_by_lanes(self) -> dict[str, dict[str, Interval]]:
        """The held requests per second by workload and lane, the services first."""
        found = {
            workload: {
                lane: interval
                for lane in dict.fromkeys([*BACKENDS, *self.lanes, *of])
                if (interval := _interval(of.get(lane)))
            }
            for workload, of in sorted(self.raw["held"].items(), key=lambda held: self._place(held[0]))
        }
        return {workload: of for workload, of in found.items() if of}

    def held_in_words(self, workload: str, lane: str, unit: str = "") -> str:
        """The held load in words. A lane may hold less than the lowest offered load, or more than the highest."""
        rate, (least, most) = self.held_by_lanes[workload][lane], self._offered_per_s(workload, lane)
        if not rate.median:
            return f"fewer than {digits(least)}{unit}"
        n_held, n_rounds = self.raw["rounds_held"].get(workload, {}).get(lane, (0, 0))
        if n_held < n_rounds:
            return f"{of_interval(rate)}{unit} in {n_held} of {n_rounds} rounds"
        at_least = "at least " if most is not None and rate.median >= most else ""
        return f"{at_least}{of_interval(rate)}{unit}"

    @property
    def both_hold(self) -> float | None:
        """The held requests/s of the first workload; None if one service held none of the offered loads."""
        held = next(iter(self.held.values()), {})
        least = min((rate.median for rate in held.values()), default=0.0)
        return least if least and len(held) == len(BACKENDS) else None

    def figures(self, claim: Mapping[str, Any]) -> dict[str, Figure]:
        return {
            name: _interval(figure) if isinstance(figure, Mapping) else figure
            for name, figure in (claim.get("figures") or {}).items()
        }

    def held_ratio(self, workload: str) -> Interval | None:
        """The ratio of FastAPI's held load to Flask's, as in the claims."""
        for claim in self.raw["claims"]:
            figure = self.figures(claim).get(f"held_{workload}")
            if isinstance(figure, Interval) and figure.low > 0:
                return figure
        return None

    @cached_property
    def steps_us(self) -> dict[str, dict[str, float]]:
        """Where the time of a request goes, by backend."""
        return {backend: of for backend in BACKENDS if (of := self.raw["steps_us"].get(backend))}

    @property
    def step_shares(self) -> dict[str, float]:
        """The share of the service's steps in the time of a request that hardly waits, by backend."""
        return {
            backend: 1 - steps[REST] / total_us
            for backend, steps in self.steps_us.items()
            if REST in steps and (total_us := sum(steps.values()) - steps.get(WAIT, 0.0))
        }

    @property
    def faults(self) -> dict[str, int]:
        """The number of wrong answers, by lane, workload and what was wrong."""
        counts: dict[str, int] = defaultdict(int)
        for (asked, lane, _), cells in self._cells.items():
            for cell in cells:
                for fault, count in (cell.get("faults") or {}).items():
                    counts[f"{self.title(lane)}, {self.name_of(asked)}: {fault}"] += count
        return dict(counts)

    @property
    def limited_by_load(self) -> list[str]:
        """The lanes that may have been faster than the load generator."""
        return [
            f"{self.title(lane)}, {self.name_of(asked)}"
            for asked, lanes in self.saturated.items()
            for lane in lanes
            if (self.median("load_share", asked, lane) or 0) > BUSY_LOAD_SHARE
        ]

    @property
    def can_judge(self) -> bool:
        return bool(self.raw["is_complete"] and not self.raw["is_quick"] and not is_spoilt(self.raw["others_shares"]))

    def _rounds(self, figure: str, asked: Demand, lane: str, share: float | None = None) -> dict[int, float]:
        cells = self._cells.get((asked, lane, share), [])
        return {cell["round"]: float(cell[figure]) for cell in cells if cell.get(figure) is not None}

    def _turns(self, figure: str, asked: Demand, lane: str) -> dict[int, list[float]]:
        """The turns of each round; the whole round if it had no turns."""
        return {
            cell["round"]: [part[figure] for part in (figure in IN_TURNS and cell.get("turns")) or [cell]]
            for cell in self._cells.get((asked, lane, None), [])
            if cell.get(figure) is not None and not cell.get("faults")
        }

    def _place(self, workload: str) -> int:
        """The place of a lane in the order of the plan."""
        workloads = list(self.raw["workloads"])
        return workloads.index(workload) if workload in workloads else len(workloads)

    def _cells_where(self, *, is_open: bool) -> set[tuple[Demand, str]]:
        return {(asked, lane) for asked, lane, share in self._cells if (share is not None) == is_open}

    def _lanes_of(self, cells: Iterable[tuple[Demand, str]]) -> dict[Demand, list[str]]:
        """Workloads and lanes in the order of the record, which is that of the plan."""
        lanes = list(self.lanes)

        def order(cell: tuple[Demand, str]) -> tuple[object, ...]:
            asked, lane = cell
            return (
                self._place(asked.workload),
                (asked.workload, asked.rows, asked.connections),
                lanes.index(lane) if lane in lanes else len(lanes),
                lane,
            )

        found: dict[Demand, list[str]] = defaultdict(list)
        for asked, lane in sorted(cells, key=order):
            found[asked].append(lane)
        return dict(found)


def _interval(figure: Any) -> Interval | None:
    return Interval(**figure) if isinstance(figure, Mapping) else None


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
