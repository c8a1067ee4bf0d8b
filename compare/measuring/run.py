"""The rounds of a run: the lanes of a workload take turns, right after each other, in an order drawn for each round."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from time import process_time
from typing import TypeVar

from model.runtime.prediction import Prediction

from ..judging.figures import Figures, Measured, figures_of, turn_of
from ..judging.intervals import LEAST_ROUNDS, LEAST_SECONDS
from .health import Health, health_asked
from .load import Outcome, put_load_on, together
from .models import Requests, Subject, faults_of, labels_of
from .others import CpuTime, others_share
from .plan import TUTORIAL, Cell, Lane, Plan, Workload
from .server import Cores, LaneError, Server, Start, missing, on_cores, running, starting

# The warm-up, as a share of the cell's seconds that follow: it creates threads and fills caches. A constant rate needs
# none, because it follows the closed loop of its lane.
WARM_UP = 0.2
MOST_WARM_UP_S = 0.2

# For the estimate of the remaining time: a service imports scikit-learn, frameworks alone start quickly, all must stop.
START_S = 2.0
EMPTY_START_S = 1.0
# The start and the end of the process that sends health checks.
HEALTH_S = 0.3

# A shorter turn would end before all connections are busy.
LEAST_TURN_S = 0.5

T = TypeVar("T")
Where = tuple[str, str]  # a workload and a lane


@dataclass
class Run:
    """The results so far.

    Attributes:
        seconds: the time of a cell in a round.
        rounds_done: rounds in which every cell was measured whose lane could be.
        runtimes: the runtime of the model, as the service reports it.
        absent: the reason why a lane was not measured, or not to the end.
        others_shares: the share of the cores' time that others took in each round, 0 to 1.
        others_in_experiments: the same during each timed experiment, by its name.
    """

    plan: Plan
    rounds: int
    seconds: float
    seed: int
    cores: Cores
    measured: Measured = field(default_factory=lambda: defaultdict(dict))
    rounds_done: int = 0
    cold_starts_s: dict[Where, list[float]] = field(default_factory=lambda: defaultdict(list))
    runtimes: dict[Where, str] = field(default_factory=dict)
    absent: dict[Where, str] = field(default_factory=dict)
    others_shares: list[float] = field(default_factory=list)
    others_in_experiments: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place in self.lanes:
            if reason := self._missing(place):
                self.absent[place] = reason

    @property
    def is_quick(self) -> bool:
        """Whether the rounds are too few or too short for a verdict on times."""
        return self.rounds < LEAST_ROUNDS or self.seconds < LEAST_SECONDS

    @property
    def lanes(self) -> list[Where]:
        return list(dict.fromkeys(map(where, self.plan.cells)))

    @property
    def cells(self) -> list[Cell]:
        """The cells that can be measured."""
        return [cell for cell in self.plan.cells if where(cell) not in self.absent]

    @property
    def failed(self) -> list[Where]:
        """Installed lanes that could not start, or died."""
        return [place for place in self.absent if not self._missing(place)]

    @property
    def warm_up_s(self) -> float:
        return min(self.seconds * WARM_UP, MOST_WARM_UP_S)

    @property
    def round_s(self) -> float:
        """About how long a round takes."""
        started = {where(cell) for cell in self.cells if self.plan.lanes[cell.lane].command}
        return sum(map(self.start_s, started)) + sum(map(self.cell_s, self.cells))

    @property
    def total_s(self) -> float:
        return self.rounds * self.round_s

    def cell_s(self, cell: Cell) -> float:
        warm_up_s = self.warm_up_s if cell.workload.share is None else 0.0
        return self.seconds + warm_up_s + HEALTH_S * (cell in self.plan.probed)

    def start_s(self, place: Where) -> float:
        lane = self.plan.lanes[place[1]]
        alone_s = START_S if lane.predicts or lane.kind == TUTORIAL else EMPTY_START_S
        return alone_s / self.cores.n

    def _missing(self, place: Where) -> str | None:
        return next(filter(None, map(missing, self.plan.needed(*place))), None)


@dataclass(frozen=True)
class _Part:
    """The result of one turn of a cell."""

    outcome: Outcome
    cpu_s: float
    health: Health
    faults: Counter[str]


def _server_of(start: Start, payload: bytes) -> Server | LaneError:
    try:
        return start.server(payload)
    except LaneError as reason:
        return reason


def where(cell: Cell) -> Where:
    return cell.workload.name, cell.lane


def measure(
    run: Run,
    subjects: Mapping[str, Subject],
    say: Callable[[str], None],
    after_a_round: Callable[[], None] = lambda: None,
) -> None:
    """Measures round by round, and fills the run.

    Args:
        subjects: by workload.
    """
    with on_cores(run.cores.load):  # the whole run stays on its own cores
        _Rounds(run, subjects, say, after_a_round).measure()


class _Rounds:
    def __init__(
        self,
        run: Run,
        subjects: Mapping[str, Subject],
        say: Callable[[str], None],
        after_a_round: Callable[[], None],
    ) -> None:
        self._run = run
        self._subjects = subjects
        self._say = say
        self._after_a_round = after_a_round
        self._chance = random.Random(run.seed)
        self._left_s = run.total_s

    def measure(self) -> None:
        cores = self._run.cores
        for index in range(self._run.rounds):
            before = CpuTime.of(cores.all)
            for name in self._shuffled(self._run.plan.names):
                with ExitStack() as stack:
                    cells = [cell for cell in self._run.cells if cell.workload.name == name]
                    servers = self._servers(name, {cell.lane for cell in cells}, stack)
                    for workload in self._closed_loops_first({cell.workload for cell in cells}):
                        self._measure_cells(index, [cell for cell in cells if cell.workload == workload], servers)
                    for server in servers.values():  # all stop at the same time, not one after the other
                        server.process.terminate()
            self._run.others_shares.append(others_share(before, CpuTime.of(cores.all), cores.n))
            self._run.rounds_done = index + 1
            self._left_s = (self._run.rounds - index - 1) * self._run.round_s
            self._after_a_round()

    def _servers(self, name: str, lanes: Set[str], stack: ExitStack) -> dict[str, Server]:
        """The servers by lane, with their upstreams; the stack stops them."""
        plan, cores = self._run.plan, self._run.cores
        env = plan.asked[name].env | self._subjects[name].limits
        servers: dict[str, Server] = {}
        if lanes and (upstream := plan.asked[name].upstream):
            try:
                lane, artifact = plan.lanes[upstream], self._subjects[name].artifact
                servers[upstream] = stack.enter_context(running(lane, artifact, self._first_payload(name), cores.load))
            except LaneError as reason:
                for each in lanes:
                    self._give_up((name, each), f"Its upstream could not start: {reason}.")
                return {}
            env = env | {"UPSTREAM_URL": f"http://127.0.0.1:{servers[upstream].port}"}
        to_start = []
        for lane in self._shuffled(plan.lanes[each] for each in lanes):
            if lane.command:
                to_start.append(replace(lane, env=lane.env | env))
            else:
                self._run.runtimes[name, lane.name] = self._subjects[name].model.runtime
        for first in range(0, len(to_start), cores.n):
            side_by_side = to_start[first : first + cores.n]
            for lane, server in zip(side_by_side, self._started(name, side_by_side, stack), strict=True):
                place = name, lane.name
                if isinstance(server, LaneError):
                    self._give_up(place, f"This lane could not start: {server}.")
                    continue
                self._say(f"{name}, {lane.name}: answers after {server.cold_start_s:.1f} s")
                self._left_s -= self._run.start_s(place)
                servers[lane.name] = server
                self._run.cold_starts_s[place].append(server.cold_start_s)
                if lane.is_service:
                    self._run.runtimes[place] = server.runtime()
        return servers

    def _started(self, name: str, lanes: Sequence[Lane], stack: ExitStack) -> list[Server | LaneError]:
        """Starts each on a separate core, which a start fills, then moves it to the servers' core."""
        cores, artifact = self._run.cores, self._subjects[name].artifact
        with ThreadPoolExecutor(len(lanes)) as asking, ExitStack() as starts:
            owns = [starts.enter_context(ExitStack()) for _ in lanes]
            begun = [
                own.enter_context(starting(lane, artifact, core))
                for own, lane, core in zip(owns, lanes, (cores.server, cores.load), strict=False)
            ]
            servers = list(asking.map(partial(_server_of, payload=self._first_payload(name)), begun))
            stack.push(starts.pop_all())
        for own, server in zip(owns, servers, strict=True):
            if isinstance(server, LaneError):
                own.close()
            else:
                server.move(cores.server)
        return servers

    def _first_payload(self, name: str) -> bytes:
        return next(iter(self._subjects[name].requests.values())).payloads[0]

    def _measure_cells(self, index: int, cells: Iterable[Cell], servers: Mapping[str, Server]) -> None:
        """Measures one workload in turns, so that whatever slows the machine down affects all lanes alike."""
        order = self._shuffled(cells)
        offered_per_s = {
            cell: self._offered_per_s(index, cell) for cell in order if where(cell) not in self._run.absent
        }
        parts: dict[Cell, list[_Part]] = defaultdict(list)
        n_turns = self._n_turns(order[0].workload)
        for turn in range(n_turns):
            for cell in order:
                if where(cell) not in self._run.absent:
                    seconds = self._run.seconds / n_turns
                    warms_up = turn == 0 and cell.workload.share is None
                    parts[cell].append(self._part(cell, servers, seconds, offered_per_s[cell], warms_up=warms_up))
                    if death := self._death(cell, servers):
                        self._give_up(where(cell), f"{death[0]} died in round {index + 1}: {death[1]}.")
            order.reverse()
        for cell in order:
            self._left_s -= self._run.cell_s(cell)
            if parts[cell]:  # also of a dead lane: the answers that it owes its clients are faults
                figures = self._figures(cell, parts[cell], offered_per_s[cell], servers.get(cell.lane))
                self._run.measured[cell][index] = figures
                minutes, seconds = divmod(round(max(self._left_s, 0)), 60)
                progress = f"round {index + 1} of {self._run.rounds}, {minutes}:{seconds:02} min left"
                told = f"{figures.requests_per_s:,.0f} requests/s, p99 {figures.p99_ms:.1f} ms"
                if figures.faults:
                    told += f", {sum(figures.faults.values()):,} WRONG"
                self._say(f"{progress}: {cell.lane} ({cell.workload}), {told}")
                if not figures.requests and where(cell) not in self._run.absent:
                    self._give_up(where(cell), f"This lane answered nothing in round {index + 1}.")

    def _death(self, cell: Cell, servers: Mapping[str, Server]) -> tuple[str, str] | None:
        """The lane that died, and how."""
        lanes = {"Its upstream": self._upstream(cell, servers), "This lane": servers.get(cell.lane)}
        deaths = ((who, server.death()) for who, server in lanes.items() if server)
        return next(((who, how) for who, how in deaths if how), None)

    def _upstream(self, cell: Cell, servers: Mapping[str, Server]) -> Server | None:
        """The upstream of the lane."""
        return servers.get(self._run.plan.asked[cell.workload.name].upstream or "")

    def _n_turns(self, workload: Workload) -> int:
        """One if latency is measured, because it needs time to build up."""
        turns = 1 if workload.share else self._run.plan.asked[workload.name].turns
        return max(1, min(turns, int(self._run.seconds / LEAST_TURN_S)))

    def _part(
        self,
        cell: Cell,
        servers: Mapping[str, Server],
        seconds: float,
        offered_per_s: float | None,
        *,
        warms_up: bool,
    ) -> _Part:
        if cell.lane not in servers:
            return self._part_in_process(cell, seconds, warms_up)
        server, upstream = servers[cell.lane], self._upstream(cell, servers)
        payloads, n_connections = self._requests(cell).payloads, cell.workload.connections
        is_probed = cell in self._run.plan.probed
        warm = Outcome()
        with on_cores(self._run.cores.load):
            if warms_up:
                warm = put_load_on(server.port, payloads, n_connections=n_connections, seconds=self._run.warm_up_s)
            with health_asked(server.port) if is_probed else nullcontext(Health()) as health:
                cpu_s, upstream_s = server.cpu_s(), upstream.cpu_s() if upstream else 0.0
                asked = put_load_on(
                    server.port,
                    payloads,
                    n_connections=n_connections,
                    seconds=seconds,
                    requests_per_s=offered_per_s,
                )
                cpu_s = max(0.0, server.cpu_s() - cpu_s)  # nothing is known about a dead lane
        if upstream and asked.seconds:
            asked.load_share += max(0.0, upstream.cpu_s() - upstream_s) / asked.seconds
        faults = faults_of(together([warm, asked]), self._answers(cell))
        return _Part(asked, cpu_s, health, faults + Counter({"health check failed": health.n_failed}))

    def _part_in_process(self, cell: Cell, seconds: float, warms_up: bool) -> _Part:
        requests = self._requests(cell)
        with on_cores(self._run.cores.server):
            if warms_up:
                requests.call(self._run.warm_up_s)
            cpu_s = process_time()
            called = requests.call(seconds)
            return _Part(called, process_time() - cpu_s, Health(), Counter())

    def _figures(self, cell: Cell, parts: list[_Part], offered_per_s: float | None, server: Server | None) -> Figures:
        return figures_of(
            cell,
            together(part.outcome for part in parts),
            cpu_s=sum(part.cpu_s for part in parts),
            offered_per_s=offered_per_s,
            memory_mib=server.memory_mib() if server else 0.0,
            health_ms=[wait_ms for part in parts for wait_ms in part.health.waits_ms],
            faults=sum((part.faults for part in parts), Counter()),
            turns=[turn_of(part.outcome, part.cpu_s) for part in parts if len(parts) > 1],
        )

    def _offered_per_s(self, index: int, cell: Cell) -> float | None:
        """The share of the lane's maximum in this round; None in a closed loop."""
        share = cell.workload.share
        return share * self._run.measured[cell.at_most][index].requests_per_s if share else None

    def _requests(self, cell: Cell) -> Requests:
        return self._subjects[cell.workload.name].requests[cell.workload.rows]

    def _answers(self, cell: Cell) -> list[list[Prediction]] | None:
        """None if all must be the same."""
        lane, answers = self._run.plan.lanes[cell.lane], self._requests(cell).answers
        if lane.kind == TUTORIAL:
            return labels_of(answers)
        return answers if lane.predicts else None

    def _give_up(self, place: Where, reason: str) -> None:
        self._run.absent[place] = reason
        self._say(f"{', '.join(place)}: {reason}")

    def _closed_loops_first(self, workloads: Iterable[Workload]) -> list[Workload]:
        """The closed loops find the maxima that the shares of the others refer to."""
        return sorted(self._shuffled(workloads), key=lambda workload: workload.share is not None)

    def _shuffled(self, every: Iterable[T]) -> list[T]:
        ordered = sorted(every, key=repr)  # the order of a set cannot be repeated by a seed
        self._chance.shuffle(ordered)
        return ordered
