"""The rows of the tables, made from the figures; `page.html` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from ..judging.intervals import Interval
from .record import Demand, Record
from .words import (
    BACKENDS,
    NOTHING,
    OVER,
    Figure,
    condition_in_words,
    digits,
    names_and,
    of_interval,
    of_ratio,
    plain,
)

KINDS = {
    "service": "The services as they ship",
    "same server": "Both on the same server",
    "empty": "Empty handlers, which most articles measure",
    "like with like": "Peers, and what they are compared with",
    "tutorial": "As tutorials write them",
    "floor": "The floor: a server without a framework",
}
UNFAIR = (
    "Unfair on purpose: they skip the services' work, above all validation, or block the event loop. If the model "
    "takes milliseconds, they are slower nevertheless: the services predict waiting requests together."
)
FIGURES = {
    "requests_per_s": "requests/s",
    "rows_per_s": "rows/s",
    "held_per_s": "requests/s within the service level",
    "p50_ms": "p50",
    "p99_ms": "p99",
    "cpu_us": "CPU time per request",
    "health_p99_ms": "p99 of /livez meanwhile",
}
# The second replaces the first if there are figures to show.
NOT_MEASURED, NO_VERDICT = "not measured", "no verdict"
# The claim that only peers may be compared.
ABOUT_PEERS = 33
# A process in a container cannot read the size of an image.
HOW_TO_READ_IMAGES = "unknown; on the host, run docker compose images"


@dataclass(frozen=True)
class Saturated:
    """A lane at its limit; `bar` is its share of the greatest rate."""

    lane: str
    title: str
    requests_per_s: Interval
    bar: float
    ratio: str
    p50_ms: float | None
    p99_ms: float | None
    cpu_us: float | None


def saturation(record: Record, asked: Demand) -> dict[str, list[Saturated]]:
    """Rows by kind of lane; the ratios refer to the first lane shown."""
    found = {lane: record.interval("requests_per_s", asked, lane) for lane in record.saturated[asked]}
    rates = {lane: rate for lane, rate in found.items() if rate}
    kinds = {lane: record.lanes.get(lane, {}).get("kind", "") for lane in rates}
    order = [*KINDS, *(kind for kind in kinds.values() if kind not in KINDS)]
    lanes = sorted(rates, key=lambda lane: order.index(kinds[lane]))
    most = max((rate.median for rate in rates.values()), default=0) or 1
    rows: dict[str, list[Saturated]] = {}
    for lane in lanes:
        ratio = record.ratio("requests_per_s", asked, lane, lanes[0])
        row = Saturated(
            lane=lane,
            title=record.title(lane),
            requests_per_s=rates[lane],
            bar=rates[lane].median / most,
            ratio="1" if lane == lanes[0] else of_ratio(ratio),
            p50_ms=record.median("p50_ms", asked, lane),
            p99_ms=record.median("p99_ms", asked, lane),
            cpu_us=record.median("cpu_us", asked, lane),
        )
        rows.setdefault(kinds[lane], []).append(row)
    return rows


@dataclass(frozen=True)
class Described:
    """A lane: its description, its start in the first workload that measures it, and why it was not measured."""

    title: str
    note: str
    workload: str
    runtime: str
    absent: str
    cold_start_s: float | None
    memory_mib: float | None


def lanes(record: Record) -> list[Described]:
    return [
        Described(
            title=record.title(name),
            note=lane.get("note") or "",
            workload=plain(record.first_of(name).get("workload", "")),
            runtime=record.first_of(name).get("runtime") or "",
            absent=record.why_absent(name),
            cold_start_s=_cold_start_s(record.first_of(name)),
            memory_mib=_memory_mib(record, name),
        )
        for name, lane in record.lanes.items()
    ]


def weights(record: Record) -> list[tuple[str, list[str]]]:
    """The cost of running each of the two services: the name of a row, and a cell for each backend."""
    of = {backend: record.raw["weight"].get(backend, {}) for backend in BACKENDS}
    return [
        ("memory after load, MiB", [digits(_memory_mib(record, backend)) for backend in BACKENDS]),
        (
            "cold start to the first prediction, s",
            [digits(_cold_start_s(record.first_of(backend))) for backend in BACKENDS],
        ),
        ("installed packages", [digits(weight.get("packages")) for weight in of.values()]),
        ("installed, MiB", [digits(weight.get("megabytes")) for weight in of.values()]),
        ("image, MiB", [_image(weight) for weight in of.values()]),
    ]


@dataclass(frozen=True)
class Judged:
    """A claim as a row. A figure has a name, a value and a subject; `others` are figures that no rule uses. A rule has
    a verdict and its conditions."""

    number: int
    claim: str
    sources: str
    verdict: str
    rules: list[tuple[str, str]]
    figures: list[tuple[str, str, str]]
    others: list[tuple[str, str, str]]
    counts: str
    why: str


def claims(record: Record) -> list[Judged]:
    return [_judged(record, claim) for claim in sorted(record.raw["claims"], key=lambda claim: int(claim["number"]))]


def _judged(record: Record, claim: Mapping[str, Any]) -> Judged:
    rules: Mapping[str, list[str]] = claim.get("rules") or {}
    asked_for = {plain(word) for conditions in rules.values() for each in conditions for word in each.split(" ")}
    asked_for |= set(map(plain, claim.get("shown") or ()))
    figures = _figures(record, claim)
    decisive = [figure for figure in figures if figure[0] in asked_for or not rules]
    verdict = claim.get("verdict") or NOT_MEASURED
    return Judged(
        number=claim["number"],
        claim=claim["claim"],
        sources=claim.get("sources", ""),
        verdict=NO_VERDICT if verdict == NOT_MEASURED and figures else verdict,
        rules=[(verdict, _rule(conditions)) for verdict, conditions in rules.items()],
        figures=decisive,
        others=[figure for figure in figures if figure not in decisive],
        counts=claim.get("counts") or "",
        why=_why(claim),
    )


def counts(record: Record) -> list[tuple[str, int]]:
    """The number of claims with each verdict, the most frequent first."""
    verdicts = [claim.verdict for claim in claims(record)]
    return sorted(((each, verdicts.count(each)) for each in set(verdicts)), key=lambda pair: (-pair[1], pair[0]))


def peers(record: Record) -> list[tuple[str, Interval]]:
    """The ratios of comparable lanes, each with both names."""
    for claim in record.raw["claims"]:
        if claim["number"] == ABOUT_PEERS:
            figures = record.figures(claim)
            about = {ratio["name"]: _pair(record, ratio) for ratio in claim.get("ratios", [])}
            return [
                (about.get(name) or plain(name), figure)
                for name, figure in figures.items()
                if isinstance(figure, Interval)
            ]
    return []


def _rule(conditions: Iterable[str]) -> str:
    return names_and([condition_in_words(condition) for condition in conditions])


def _figures(record: Record, claim: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    ratios = {ratio["name"]: ratio for ratio in claim.get("ratios") or []}
    figures: Mapping[str, Figure] = record.figures(claim)
    return [
        (
            plain(name),
            f"{of_interval(figure)} times" if ratios.get(name, {}).get("against") else of_interval(figure),
            _about(record, ratios[name]) if name in ratios else "",
        )
        for name, figure in figures.items()
    ]


def _about(record: Record, ratio: Mapping[str, Any]) -> str:
    figure = FIGURES.get(ratio["figure"], plain(ratio["figure"]))
    return f"{_pair(record, ratio)}, {figure}, {plain(ratio['workload'])}"


def _pair(record: Record, ratio: Mapping[str, Any]) -> str:
    lane = record.title(ratio["lane"])
    return f"{lane}{OVER}{record.title(ratio['against'])}" if ratio.get("against") else lane


def _why(claim: Mapping[str, Any]) -> str:
    """The reason for the verdict or its absence, and what was not tested."""
    why = str(claim.get("why_not") or "")
    if not why and claim.get("verdict") == "depends" and claim.get("on"):
        why = f"It depends on {claim['on']}."
    untested = str(claim.get("untested") or "")
    return " ".join(filter(None, [why, untested if untested != why else ""]))


def _image(weight: Mapping[str, Any]) -> str:
    if not weight:
        return NOTHING
    return digits(weight["image_megabytes"]) if weight.get("image_megabytes") is not None else HOW_TO_READ_IMAGES


def _memory_mib(record: Record, lane: str) -> float | None:
    """The memory in the first workload that measures the lane, like its start."""
    asked_of = [asked for asked, lanes in record.saturated.items() if lane in lanes]
    found = [record.median("memory_mib", asked, lane) for asked in asked_of if asked.workload == asked_of[0].workload]
    return max((mib for mib in found if mib), default=None)


def _cold_start_s(of_workload: Mapping[str, Any]) -> float | None:
    return median(of_workload["cold_starts_s"]) if of_workload.get("cold_starts_s") else None
