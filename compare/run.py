"""The rounds of a run: a workload's lanes right after each other, all in an order that is drawn for each round."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import process_time
from typing import TypeVar

from .figures import Figures, Measured, figures_of
from .load import put_load_on
from .models import Subject, faults_of
from .plan import Cell, Plan
from .server import ROOT, Cores, LaneError, Server, on_core, running

# Of a cell's seconds, before they count: connections, threads and caches are made.
WARM_UP = 0.2

# For the time that is left: a service imports scikit-learn.
START_S = 2.5

T = TypeVar("T")
Where = tuple[str, str]  # a model and a lane


@dataclass
class Run:
    """What is known so far.

    Attributes:
        seconds: a cell and round.
        runtimes: what runs the model, as a service says.
        absent: why a lane was not measured.
        load_average: of the machine when the run began.
    """

    plan: Plan
    rounds: int
    seconds: float
    seed: int
    cores: Cores
    measured: Measured = field(default_factory=lambda: defaultdict(dict))
    cold_starts_s: dict[Where, list[float]] = field(default_factory=lambda: defaultdict(list))
    runtimes: dict[Where, str] = field(default_factory=dict)
    absent: dict[Where, str] = field(default_factory=dict)
    load_average: float = field(default_factory=lambda: os.getloadavg()[0])

    def __post_init__(self) -> None:
        for lane in self.plan.lanes.values():
            if lane.backend and not (ROOT / f"serve_{lane.backend}").is_dir():
                self.absent |= {
                    (model, lane.name): f"serve_{lane.backend}/ is not there." for model in self.plan.models
                }

    @property
    def lanes(self) -> list[Where]:
        return list(dict.fromkeys(map(where, self.plan.cells)))

    @property
    def cells(self) -> list[Cell]:
        """Those that can be measured."""
        return [cell for cell in self.plan.cells if where(cell) not in self.absent]

    @property
    def round_s(self) -> float:
        """About as long as a round takes."""
        starts = {where(cell) for cell in self.cells if self.plan.lanes[cell.lane].command}
        return len(starts) * START_S + len(self.cells) * self.seconds * (1 + WARM_UP)


def where(cell: Cell) -> Where:
    return cell.workload.model, cell.lane


def measure(run: Run, subjects: Mapping[str, Subject], say: Callable[[str], None]) -> None:
    """Fills the run, round by round."""
    _Rounds(run, subjects, say).measure()


class _Rounds:
    def __init__(self, run: Run, subjects: Mapping[str, Subject], say: Callable[[str], None]) -> None:
        self._run = run
        self._subjects = subjects
        self._say = say
        self._chance = random.Random(run.seed)

    def measure(self) -> None:
        for index in range(self._run.rounds):
            for model in self._shuffled(self._run.plan.models):
                left_min = (self._run.rounds - index) * self._run.round_s / 60
                self._say(f"round {index + 1} of {self._run.rounds}, about {left_min:.0f} min left: {model}")
                with ExitStack() as stack:
                    servers = self._servers(model, stack)
                    cells = [cell for cell in self._run.cells if cell.workload.model == model]
                    for workload in self._shuffled({cell.workload for cell in cells}):
                        for cell in self._shuffled(cell for cell in cells if cell.workload == workload):
                            self._run.measured[cell][index] = self._figures(cell, servers.get(cell.lane))

    def _servers(self, model: str, stack: ExitStack) -> dict[str, Server]:
        """By lane, each started when the one before has answered, stopped by the stack."""
        servers = {}
        lanes = {cell.lane for cell in self._run.cells if cell.workload.model == model}
        for lane in self._shuffled(self._run.plan.lanes[name] for name in lanes):
            subject = self._subjects[model]
            if not lane.command:
                self._run.runtimes[model, lane.name] = subject.model.runtime
                continue
            payload = next(iter(subject.requests.values())).payloads[0]
            try:
                server = stack.enter_context(running(lane, subject.artifact, payload, self._run.cores.server))
            except LaneError as reason:
                self._run.absent[model, lane.name] = f"this lane could not start: {reason}."
                self._say(f"{model}, {lane.name}: {self._run.absent[model, lane.name]}")
                continue
            self._say(f"{model}, {lane.name}: answers after {server.cold_start_s:.1f} s")
            servers[lane.name] = server
            self._run.cold_starts_s[model, lane.name].append(server.cold_start_s)
            if lane.is_service:
                self._run.runtimes[model, lane.name] = server.runtime()
        return servers

    def _figures(self, cell: Cell, server: Server | None) -> Figures:
        requests = self._subjects[cell.workload.model].requests[cell.workload.rows]
        if server is None:
            with on_core(self._run.cores.server):
                requests.call(self._run.seconds * WARM_UP)
                cpu_s = process_time()
                called = requests.call(self._run.seconds)
                return figures_of(cell, called, cpu_s=process_time() - cpu_s)
        expected = requests.answers if self._run.plan.lanes[cell.lane].is_service else None
        with on_core(self._run.cores.load):
            n_connections = cell.workload.connections
            warm = put_load_on(
                server.port, requests.payloads, n_connections=n_connections, seconds=self._run.seconds * WARM_UP
            )
            cpu_s = server.cpu_s()
            asked = put_load_on(server.port, requests.payloads, n_connections=n_connections, seconds=self._run.seconds)
            cpu_s = server.cpu_s() - cpu_s
        faults = faults_of(warm, expected) + faults_of(asked, expected)
        return figures_of(cell, asked, cpu_s=cpu_s, memory_mib=server.memory_mib(), faults=faults)

    def _shuffled(self, every: Iterable[T]) -> list[T]:
        ordered = sorted(every, key=repr)  # a set has no order that a seed could repeat
        self._chance.shuffle(ordered)
        return ordered
