"""Answers "Flask or FastAPI?" for this model on this machine: `python -m compare`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from threadpoolctl import threadpool_limits

from model.errors import ArtifactError

from .bench import QUICK_ROUNDS, QUICK_SECONDS, above_zero, say
from .experiments import Unavailable
from .experiments.lines import core_lines, lines_by_file
from .experiments.registry import EXPERIMENTS, QUICK_EXPERIMENTS, Experiment, Experiments
from .experiments.weight import weights
from .judging.claims import Claim, Figure, read_claims
from .judging.judge import judge
from .measuring.models import MODELS, Subject
from .measuring.others import CpuTime, of_others, others_share
from .measuring.plan import GIVEN, Plan, PlanError, read_plan
from .measuring.run import Run, measure
from .measuring.server import Cores, exit_through_finally, on_cores
from .measuring.steps import steps_us
from .page import write_page
from .reporting.record import PAGE, RECORD, Extras, alone_in, make_room, now, record_of, write_record
from .reporting.report import doubts_of_load

PLAN = Path(__file__).with_name("plan.toml")
REPORT = Path(__file__).parent / "report"
DEFAULT_MODEL = "penguins"

# For the estimate of the run's time: training the other models, and the experiments without load.
TRAINING_S = 20.0
EXPERIMENTS_S, QUICK_EXPERIMENTS_S = 90.0, 45.0


def main() -> None:
    exit_through_finally()
    options = _options()
    try:
        plan = read_plan(options.plan, [*MODELS, GIVEN])
    except PlanError as reason:
        sys.exit(str(reason))
    with ExitStack() as stack:
        try:
            stack.enter_context(alone_in(options.report))
        except BlockingIOError:
            sys.exit(f"Another comparison writes its report to {options.report}.")
        except OSError as error:
            sys.exit(f"The report cannot be written to {options.report}: {error.strerror}.")
        _compare(options, plan, stack)


def _compare(options: argparse.Namespace, plan: Plan, stack: ExitStack) -> None:
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else plan.rounds)
    seconds = options.seconds or (QUICK_SECONDS if options.quick else plan.seconds)
    run = Run(plan, rounds, seconds, options.seed, Cores.available())
    if not run.cells:
        sys.exit(" ".join(["Nothing of the plan can be measured here.", *dict.fromkeys(run.absent.values())]))
    experiments = {} if options.without_experiments else QUICK_EXPERIMENTS if options.quick else EXPERIMENTS
    budget_min = budget_s(run, experiments) / 60
    say(f"{len(run.cells)} cells, {rounds} x {seconds:g} s each: about {budget_min:.0f} min, seed {run.seed}")
    for (name, lane), why in run.absent.items():
        say(f"{name}, {lane}: {why}")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    stack.enter_context(threadpool_limits(1))
    try:
        models = _models(plan, options.model, folder)
    except ArtifactError as reason:
        sys.exit(str(reason))
    except SystemExit:
        say("Stopped before anything was measured.")
        raise
    make_room(options.report)
    subjects = {name: models[plan.asked[name].model] for name in plan.names}
    comparison = Comparison(run, subjects, models[GIVEN], read_claims(), options.report)
    comparison.make(experiments)
    for sentence in [*doubts_of_load(run), of_others(run.others_shares)]:
        say(sentence)
    print(f"The report: {_from_here(options.report / PAGE)}")
    if said := comparison.what_went_wrong():
        sys.exit(" ".join(said))


def budget_s(run: Run, experiments: Experiments) -> float:
    """About how long the whole run takes."""
    experiments_s = (EXPERIMENTS_S if experiments is EXPERIMENTS else QUICK_EXPERIMENTS_S) if experiments else 0.0
    return TRAINING_S + run.total_s + experiments_s


class Comparison:
    """The results, written again whenever there are more."""

    def __init__(
        self,
        run: Run,
        subjects: Mapping[str, Subject],
        given: Subject,
        claims: list[Claim],
        folder: Path,
    ) -> None:
        self._run = run
        self._subjects = subjects
        self._given = given
        self._claims = claims
        self._json, self._html = folder / RECORD, folder / PAGE
        self._began = now()
        self._extras = Extras()
        self._found: dict[str, Mapping[str, Figure] | str] = {}
        self._failed: list[str] = []

    def make(self, experiments: Experiments) -> None:
        """However it ends, the report contains the results so far."""
        is_complete = False
        self._write(is_complete)
        try:
            if experiments:
                self._try(experiments)
                self._look_at_the_services()
                self._write(is_complete=False)
            measure(self._run, self._subjects, say, lambda: self._write(is_complete=False))
            is_complete = True
        finally:
            self._write(is_complete)
            if not is_complete:
                say(f"Stopped. The results so far: {_from_here(self._html)}")

    def what_went_wrong(self) -> list[str]:
        """Sentences; none if every installed lane answered correctly."""
        measured = [figures for rounds in self._run.measured.values() for figures in rounds.values()]
        said = {
            "Some answers were wrong; the report says which.": any(figures.faults for figures in measured),
            "Some lanes could not start, or died; the report says which.": self._run.failed,
            f"These experiments failed: {', '.join(self._failed)}.": self._failed,
        }
        return [sentence for sentence, is_so in said.items() if is_so]

    def _try(self, experiments: Experiments) -> None:
        cores = self._run.cores
        timed = {claim.experiment for claim in self._claims if claim.is_timed}
        for number, (name, experiment) in enumerate(experiments.items(), start=1):
            say(f"experiment {number} of {len(experiments)}: {name}")
            before = CpuTime.of(cores.all)
            with on_cores(*cores.all):
                self._found[name] = self._tried(name, experiment)
            if name in timed:
                self._run.others_in_experiments[name] = others_share(before, CpuTime.of(cores.all), cores.n)

    def _tried(self, name: str, experiment: Experiment) -> Mapping[str, Figure] | str:
        try:
            return experiment()
        except Unavailable as unavailable:
            return str(unavailable)
        except Exception as error:
            # For example, a framework has changed: the other experiments go on, and the report says so.
            reason = f"The experiment failed: {type(error).__name__}: {error}"
            say(reason)
            self._failed.append(name)
            return reason

    def _look_at_the_services(self) -> None:
        say("the services without load")
        self._extras = Extras(steps_us(self._given.artifact), lines_by_file(), core_lines(), weights())

    def _write(self, is_complete: bool) -> None:
        judged = judge(self._claims, self._run, self._found)
        record = record_of(
            self._run,
            judged,
            self._extras,
            given=self._given,
            began=self._began,
            is_complete=is_complete,
        )
        write_record(self._json, record)
        write_page(self._json, self._html)


def _from_here(path: Path) -> Path:
    """The relative path, which is also valid on the other side of a container's mount."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _models(plan: Plan, artifact: Path | None, folder: Path) -> dict[str, Subject]:
    """The models that the plan needs and the given one, by name."""
    names = {plan.asked[name].model for name in plan.names} | {GIVEN}
    subjects = {}
    for name in sorted(names, key=lambda each: each != GIVEN):  # first the one that may be invalid
        sizes = {cell.workload.rows for cell in plan.cells if plan.asked[cell.workload.name].model == name} | {1}
        trained = DEFAULT_MODEL if name == GIVEN else name
        place = artifact if artifact and name == GIVEN else _trained(trained, folder)
        subjects[name] = Subject(place, sorted(sizes))
    return subjects


def _trained(name: str, folder: Path) -> Path:
    artifact = folder / name
    if not artifact.exists():
        say(f"training {name}")
        MODELS[name](artifact)
    return artifact


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m compare", description=__doc__)
    parser.add_argument("--plan", type=Path, default=PLAN, help="which cells, a TOML file")
    parser.add_argument("--model", type=Path, help="an artifact's folder; without it the penguins are trained")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} round of {QUICK_SECONDS:g} s per cell")
    parser.add_argument("--rounds", type=above_zero(int), help="instead of the plan's")
    parser.add_argument("--seconds", type=above_zero(float), help="per cell and round, instead of the plan's")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the order; random if not given")
    parser.add_argument("--without-experiments", action="store_true", help="load alone")
    parser.add_argument("--report", type=Path, default=REPORT, help="the folder that the report goes to")
    return parser.parse_args()


if __name__ == "__main__":
    main()
