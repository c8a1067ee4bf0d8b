"""What is measured, as data: lanes, the cells that are asked of them, and the goals that their figures must meet."""

from __future__ import annotations

import builtins
import tomllib
from collections.abc import Collection
from dataclasses import MISSING, dataclass, field, fields
from itertools import product
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

# Of the figures that a goal may be about, those that grow with speed.
RATES = {"requests_per_s", "rows_per_s"}
COSTS = {"p50_ms", "p99_ms", "cpu_us"}

T = TypeVar("T")


class PlanError(ValueError):
    """A plan that cannot be measured; the message is a sentence."""


@dataclass(frozen=True)
class Lane:
    """One server set-up.

    Attributes:
        backend: whose folder must be there; None needs none.
        command: a module and its arguments, `{port}` among them where it is told so; None is the model in this process.
        env: beside what every lane is given.
    """

    name: str
    backend: str | None = None
    command: str | None = None
    env: dict[str, str] = field(default_factory=dict)

    @property
    def is_service(self) -> bool:
        """It answers with predictions, and says what makes them."""
        return bool(self.command and self.command.startswith("serve_"))


@dataclass(frozen=True, order=True)
class Workload:
    model: str
    rows: int
    connections: int


@dataclass(frozen=True, order=True)
class Cell:
    workload: Workload
    lane: str


@dataclass(frozen=True)
class Goal:
    """A ratio of two figures of one workload.

    Attributes:
        against: lanes that between them do what `lane` does: where there are several, their times add up.
        at_least, at_most: the bound; with neither the ratio is only shown.
    """

    what: str
    model: str
    rows: int
    connections: int
    figure: str
    lane: str
    against: tuple[str, ...]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def workload(self) -> Workload:
        return Workload(self.model, self.rows, self.connections)


@dataclass(frozen=True)
class Plan:
    """
    Attributes:
        seconds: a cell and round.
        cells: each once, in the order of the file.
        baselines: by backend, then by the name of a column, the lane that the backend's lanes are divided by.
    """

    rounds: int
    seconds: float
    lanes: dict[str, Lane]
    cells: tuple[Cell, ...]
    goals: tuple[Goal, ...]
    baselines: dict[str, dict[str, str]]

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cell.workload.model for cell in self.cells))


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


@dataclass(frozen=True)
class _Cells:
    models: tuple[str, ...]
    lanes: tuple[str, ...]
    rows: tuple[int, ...]
    connections: tuple[int, ...]

    def all(self) -> list[Cell]:
        every = product(self.models, self.rows, self.connections, self.lanes)
        return [Cell(Workload(model, rows, connections), lane) for model, rows, connections, lane in every]


def _plan_of(table: dict[str, Any]) -> Plan:
    file = _made(_File, table, "it")
    lanes = {name: _made(Lane, {"name": name, **entry}, f"the lane {name!r}") for name, entry in file.lanes.items()}
    cells = [cell for entry in file.cells for cell in _made(_Cells, entry, "an entry of cells").all()]
    goals = [_made(Goal, entry, f"the goal {entry.get('what')!r}") for entry in file.goals]
    workloads = [cell.workload for cell in cells]
    counts = [file.rounds, file.seconds, *(n for each in workloads for n in (each.rows, each.connections))]
    if not cells or min(counts) <= 0:
        raise PlanError("it needs cells, and rounds, seconds, rows and connections above zero")
    return Plan(file.rounds, file.seconds, lanes, tuple(dict.fromkeys(cells)), tuple(goals), file.baselines)


def _check_names(plan: Plan, known_models: Collection[str]) -> None:
    if unknown := [model for model in plan.models if model not in known_models]:
        raise PlanError(f"there is no model {unknown[0]!r}, but {' and '.join(known_models)}")
    named = [cell.lane for cell in plan.cells] + [lane for of in plan.baselines.values() for lane in of.values()]
    if unknown := [lane for lane in named if lane not in plan.lanes]:
        raise PlanError(f"there is no lane {unknown[0]!r}")
    for goal in plan.goals:
        if goal.figure not in RATES | COSTS:
            figures = " or ".join(sorted(RATES | COSTS))
            raise PlanError(f"the goal {goal.what!r} is about {goal.figure!r}, not {figures}")
        if missing := [lane for lane in (goal.lane, *goal.against) if Cell(goal.workload, lane) not in plan.cells]:
            raise PlanError(f"the goal {goal.what!r} needs a cell of the lane {missing[0]!r}, and there is none")


def _made(kind: type[T], table: dict[str, Any], what: str) -> T:
    """The dataclass of a table that has its fields, no others, and values of their types."""
    hints = get_type_hints(kind)
    if unknown := sorted(table.keys() - hints.keys()):
        raise PlanError(f"{what} has {unknown[0]!r}, which means nothing there")
    for each in fields(kind):  # type: ignore[arg-type]
        if each.name not in table and each.default is each.default_factory is MISSING:
            raise PlanError(f"{what} has no {each.name!r}")
        if each.name in table and not _is(table[each.name], hints[each.name]):
            raise PlanError(f"{what} has no usable {each.name!r}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in table.items()})


def _is(value: object, hint: Any) -> bool:
    """Whether TOML's value is of the type, of which a list is written as a tuple."""
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
