"""The plan of a measurement as data: lanes, their cells, and the goals that their figures must meet."""

from __future__ import annotations

import builtins
import math
import shlex
import tomllib
from collections.abc import Collection
from dataclasses import MISSING, dataclass, field, fields, replace
from itertools import product
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

# The figures of goals that grow with speed.
RATES = {"requests_per_s", "rows_per_s"}
COSTS = {"p50_ms", "p99_ms", "cpu_us"}

# The model of a service if the plan names none: the artifact that the run is given.
GIVEN = "given"

T = TypeVar("T")


class PlanError(ValueError):
    """The plan cannot be measured; the message says why."""


@dataclass(frozen=True)
class Lane:
    """One server set-up.

    Attributes:
        backend: the backend whose folder must exist; None for no backend.
        command: a module and its arguments, with `{port}` if it takes one; None for the model in this process.
        env: variables beside those that every lane gets.
        program: the program that runs the command instead of Python.
        packages: packages that must be importable and that no service needs.
        kind: the kind of its answers: `service` and `same server` predict, `peer` predicts but does not describe
            itself, `tutorial` gives labels only, the others always give the same answer.
        title, note: texts for a person.
    """

    name: str
    backend: str | None = None
    command: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    program: str | None = None
    packages: tuple[str, ...] = ()
    kind: str = ""
    title: str = ""
    note: str = ""

    @property
    def is_service(self) -> bool:
        """Whether it answers with predictions, and `/model` names its runtime."""
        return self.kind in PREDICTING or bool(self.command and self.command.startswith("serve_"))

    @property
    def predicts(self) -> bool:
        """Whether it answers with labels and probabilities, as the services do."""
        return self.is_service or self.kind == PEER


PREDICTING = ("service", "same server")
PEER = "peer"
TUTORIAL = "tutorial"
KINDS = (*PREDICTING, PEER, "like with like", TUTORIAL, "empty", "floor")


@dataclass(frozen=True)
class Workload:
    """
    Attributes:
        name: the name of a model, or of an entry of the plan's `workloads`.
        share: the share of the lane's maximum, in an open loop; None for a closed loop, which finds the maximum.
    """

    name: str
    rows: int
    connections: int
    share: float | None = None

    def __str__(self) -> str:
        at_share = f" at {self.share:.0%}" if self.share else ""
        return f"{self.name}, {self.rows} x {self.connections}{at_share}"


@dataclass(frozen=True)
class Cell:
    workload: Workload
    lane: str

    @property
    def at_most(self) -> Cell:
        """The cell that finds the lane's maximum, of which this one is offered a share."""
        return Cell(replace(self.workload, share=None), self.lane)


@dataclass(frozen=True)
class Asked:
    """The requests of a workload.

    Attributes:
        model: the model that predicts; `given` is the artifact of the run.
        about: a sentence for a person.
        env: variables of its lanes, beside their own.
        turns: the number of turns in which a round measures its lanes in a closed loop.
        upstream: a lane that its lanes ask, at `UPSTREAM_URL`, on the core of the load.
    """

    model: str
    about: str = ""
    env: dict[str, str] = field(default_factory=dict)
    turns: int = 1
    upstream: str | None = None


@dataclass(frozen=True)
class Goal:
    """A ratio of two figures of one workload.

    Attributes:
        against: lanes that together do the work of `lane`; if there are several, their times add up.
        at_least, at_most: the bound; without one the ratio is only shown.
    """

    what: str
    workload: str
    rows: int
    connections: int
    figure: str
    lane: str
    against: tuple[str, ...]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def asked(self) -> Workload:
        return Workload(self.workload, self.rows, self.connections)


@dataclass(frozen=True)
class Plan:
    """
    Attributes:
        seconds: the time of a cell in a round.
        cells: each once, in the order of the file.
        asked: the requests of each workload.
        needed_by: for each cell, the claims and the parts of the report that need its figures.
        probed: cells during which health checks are sent, too.
        baselines: by backend, then by the name of a column, the lane that divides the backend's lanes.
    """

    rounds: int
    seconds: float
    lanes: dict[str, Lane]
    cells: tuple[Cell, ...]
    goals: tuple[Goal, ...]
    baselines: dict[str, dict[str, str]]
    asked: dict[str, Asked]
    needed_by: dict[Cell, tuple[str, ...]]
    probed: frozenset[Cell]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the workloads."""
        return tuple(dict.fromkeys(cell.workload.name for cell in self.cells))

    def needed(self, name: str, lane: str) -> list[Lane]:
        """The lane, and its upstream if the workload has one."""
        upstream = self.asked[name].upstream
        return [self.lanes[lane], *([self.lanes[upstream]] if upstream else [])]

    def saturating(self, name: str, lane: str) -> Cell | None:
        """The first cell of a workload that measures the lane's maximum."""
        return next((cell for cell in self._cells_of(name, lane) if cell.workload.share is None), None)

    def at_share(self, name: str, lane: str, share: float) -> Cell | None:
        """The first cell of one row that offers the lane this share of its maximum."""
        cells = self._cells_of(name, lane)
        return next((cell for cell in cells if (cell.workload.rows, cell.workload.share) == (1, share)), None)

    def _cells_of(self, name: str, lane: str) -> list[Cell]:
        return [cell for cell in self.cells if (cell.workload.name, cell.lane) == (name, lane)]


def read_plan(path: Path, known_models: Collection[str]) -> Plan:
    """Raises: PlanError."""
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise PlanError(f"The plan {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # neither TOML nor UTF-8
        raise PlanError(f"The plan {path} is not TOML: {error}.") from None
    try:
        plan = _plan_of(table)
        _check_names(plan, known_models)
    except PlanError as reason:
        raise PlanError(f"The plan {path} cannot be measured: {reason}.") from None
    return plan


@dataclass(frozen=True)
class _File:
    rounds: int
    seconds: float
    lanes: dict[str, dict[str, Any]]
    cells: tuple[dict[str, Any], ...]
    goals: tuple[dict[str, Any], ...] = ()
    baselines: dict[str, dict[str, str]] = field(default_factory=dict)
    workloads: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Cells:
    workloads: tuple[str, ...]
    lanes: tuple[str, ...]
    rows: tuple[int, ...]
    connections: tuple[int, ...]
    shares: tuple[float, ...] = ()
    needed_by: tuple[str, ...] = ()
    probes_health: bool = False

    def all(self) -> list[Cell]:
        loops: tuple[float | None, ...] = self.shares or (None,)
        every = product(self.workloads, self.rows, self.connections, loops, self.lanes)
        return [Cell(Workload(name, rows, connections, share), lane) for name, rows, connections, share, lane in every]


def _plan_of(table: dict[str, Any]) -> Plan:
    file = _made(_File, table, "it")
    lanes = {name: _made(Lane, {"name": name, **entry}, f"the lane {name!r}") for name, entry in file.lanes.items()}
    entries = [_made(_Cells, entry, "an entry of cells") for entry in file.cells]
    goals = [_made(Goal, entry, f"the goal {entry.get('what')!r}") for entry in file.goals]
    asked = {name: _made(Asked, entry, f"the workload {name!r}") for name, entry in file.workloads.items()}
    needed_by: dict[Cell, tuple[str, ...]] = {}
    for entry in entries:
        for cell in entry.all():
            needed_by[cell] = tuple(dict.fromkeys((*needed_by.get(cell, ()), *entry.needed_by)))
    counts = [file.rounds, file.seconds, *(each.turns for each in asked.values())]
    counts += [n for each in entries for n in (*each.rows, *each.connections, *each.shares)]
    if not entries or any(not each.all() for each in entries) or not all(0 < count < math.inf for count in counts):
        raise PlanError("it needs cells, and rounds, seconds, turns, rows, connections and shares above zero")
    return Plan(
        file.rounds,
        file.seconds,
        lanes,
        tuple(needed_by),
        tuple(goals),
        file.baselines,
        {cell.workload.name: Asked(cell.workload.name) for cell in needed_by} | asked,
        needed_by,
        frozenset(cell for entry in entries if entry.probes_health for cell in entry.all()),
    )


def _check_names(plan: Plan, known_models: Collection[str]) -> None:
    if unknown := [plan.asked[name].model for name in plan.names if plan.asked[name].model not in known_models]:
        raise PlanError(f"there is no model {unknown[0]!r}; the models are {' and '.join(known_models)}")
    named = [cell.lane for cell in plan.cells] + [lane for of in plan.baselines.values() for lane in of.values()]
    named += [asked.upstream for asked in plan.asked.values() if asked.upstream]
    if unknown := [lane for lane in named if lane not in plan.lanes]:
        raise PlanError(f"there is no lane {unknown[0]!r}")
    if unknown := [lane.kind for lane in plan.lanes.values() if lane.kind and lane.kind not in KINDS]:
        raise PlanError(f"there is no kind of lane {unknown[0]!r}; the kinds are {', '.join(KINDS)}")
    if groundless := [cell for cell in plan.cells if cell.at_most not in plan.cells]:
        of_what = f"the lane {groundless[0].lane!r} is offered a share in {groundless[0].workload}"
        raise PlanError(f"{of_what}, but no cell without a share measures its maximum")
    for lane in plan.lanes.values():
        _check_command(lane)
    for goal in plan.goals:
        if goal.figure not in RATES | COSTS:
            figures = " or ".join(sorted(RATES | COSTS))
            raise PlanError(f"the goal {goal.what!r} is about {goal.figure!r}, not {figures}")
        if missing := [lane for lane in (goal.lane, *goal.against) if Cell(goal.asked, lane) not in plan.cells]:
            raise PlanError(f"the goal {goal.what!r} needs a cell of the lane {missing[0]!r}, which the plan lacks")


def _check_command(lane: Lane) -> None:
    if lane.command is None:
        return
    try:
        is_empty = not shlex.split(lane.command.format(port=0))
    except (ValueError, LookupError):  # an unclosed quote or brace, or a name that is not `port`
        is_empty = True
    if is_empty:
        raise PlanError(f"the lane {lane.name!r} has a command that cannot be parsed")


def _made(kind: type[T], table: dict[str, Any], what: str) -> T:
    """A dataclass from a table that has exactly its fields, with values of their types."""
    hints = get_type_hints(kind)
    if unknown := sorted(table.keys() - hints.keys()):
        raise PlanError(f"{what} has the unknown key {unknown[0]!r}")
    for each in fields(kind):  # type: ignore[arg-type]
        if each.name not in table and each.default is each.default_factory is MISSING:
            raise PlanError(f"{what} has no {each.name!r}")
        if each.name in table and not _is(table[each.name], hints[each.name]):
            raise PlanError(f"{what} has no valid {each.name!r}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in table.items()})


def _is(value: object, hint: Any) -> bool:
    """Whether a TOML value has the type. A list counts as a tuple."""
    if hint is Any:
        return True
    if isinstance(hint, UnionType):
        return any(_is(value, option) for option in get_args(hint))
    match get_origin(hint):
        case builtins.tuple:
            return isinstance(value, list) and all(_is(each, get_args(hint)[0]) for each in value)
        case builtins.dict:
            return isinstance(value, dict) and all(_is(each, get_args(hint)[1]) for each in value.values())
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, int | float if hint is float else hint)
