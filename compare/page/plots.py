"""The plots of the page: captions and drawings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from markupsafe import Markup

from . import charts, tables
from .record import Demand, Record
from .words import BACKENDS, capital, digits, names_and, plain

Plot = tuple[str, Markup]

BEHIND, AHEAD = ("Flask answers more", "flask"), ("FastAPI answers more", "fastapi")
SECOND, FIRST = ("the second answers more", "known"), ("the first answers more", "known")
HOW_TO_READ = "The line is the interval; a grey dot means that no difference was shown; the scale is logarithmic."


def headline(record: Record) -> list[Plot]:
    """The first latency plot, which the answer is about, and the choices that matter."""
    return latencies(record)[:1] + choices(record)


def latencies(record: Record) -> list[Plot]:
    """Each plot shows one FastAPI and one Flask lane of the same kind."""
    drawn = []
    for asked, lanes in record.offered.items():
        by_kind: dict[str, list[str]] = {}
        for lane in lanes:
            by_kind.setdefault(record.lanes.get(lane, {}).get("kind", ""), []).append(lane)
        for of_kind in by_kind.values():
            flask = [lane for lane in of_kind if "flask" in lane]
            pairs = zip_longest([lane for lane in of_kind if lane not in flask], flask)
            drawn += [_latency(record, asked, [lane for lane in pair if lane]) for pair in pairs]
    return [plot for plot in drawn if plot]


def choices(record: Record) -> list[Plot]:
    rows = list(record.choices.items())
    title = f"FastAPI's requests/s divided by Flask's, at the limit of both. {HOW_TO_READ}"
    sides = (BEHIND, AHEAD) if record.can_judge else ((BEHIND[0], "other"), (AHEAD[0], "other"))
    return [(title, charts.ratios(title, rows, *sides))] if rows else []


def held(record: Record) -> list[Plot]:
    return [
        (
            capital(plain(workload)),
            charts.bars(
                f"Requests/s held within the service level, {plain(workload)}",
                [(record.choice(lane), lane, rate, record.held_in_words(workload, lane)) for lane, rate in of.items()],
            ),
        )
        for workload, of in record.held_by_lanes.items()
    ]


def steps(record: Record) -> list[Plot]:
    longest = max((sum(of.values()) for of in record.steps_us.values()), default=0)
    found = []
    for backend, of in record.steps_us.items():
        title = f"Where a request's time goes, {BACKENDS[backend]}"
        at_per_s = record.raw["steps_at_per_s"].get(backend)
        caption = f"{BACKENDS[backend]} at {digits(at_per_s)} requests/s" if at_per_s else BACKENDS[backend]
        found.append((caption, charts.waterfall(title, backend, of, longest)))
    return found


def peers(record: Record) -> list[Plot]:
    title = f"Pairs of peers: the first's requests/s divided by the second's. {HOW_TO_READ}"
    rows = tables.peers(record)
    return [(title, charts.ratios(title, rows, SECOND, FIRST))] if rows else []


def code(record: Record) -> list[Plot]:
    title = "Lines of code by file, without comments and docstrings"
    by_backend = {backend: of for backend in BACKENDS if (of := record.raw["lines"].get(backend))}
    return [(title, charts.lines(title, by_backend))] if by_backend else []


def _latency(record: Record, asked: Demand, lanes: Sequence[str]) -> Plot | None:
    drawn = charts.latency(record, asked, lanes)
    named = names_and([f"{record.title(lane)} ({sign})" for lane, sign in zip(lanes, charts.SIGNS, strict=False)])
    return (f"{capital(record.name_of(asked))}: {named}", drawn) if drawn else None
