"""The two sentences at the top of the page: which service holds how much load, and when the choice matters."""

from __future__ import annotations

from ..judging.intervals import Interval
from .record import Record
from .words import BACKENDS, capital, digits, names_and, of_ratio, plain

# A smaller ratio would go unnoticed: below this bound, `claims.toml` calls the claim of speed false.
MATTERS = 1.1


def answer(record: Record) -> list[str]:
    return [_held(record), _matters(record)]


def _held(record: Record) -> str:
    where = f"With the model {record.raw['model'].get('name', 'that was measured')} on this machine"
    level = record.raw["service_level_ms"]
    within = f"with 99 of 100 answered within {digits(level)} ms (p99)" if level else "within the service level"
    if not record.held:
        return f"{where}, the load that each backend holds {within} was not measured."
    workload, held = next(iter(record.held.items()))
    rates = [f"{BACKENDS[backend]} holds {_rate(record, workload, backend)}" for backend in held]
    sentence = f"{where} (“{plain(workload)}”), {names_and(rates)} {within}"
    missing = [name for backend, name in BACKENDS.items() if backend not in held]
    if missing:
        return f"{sentence}; {missing[0]} was not measured{_reason(record, held)}."
    if not record.can_judge:
        return f"{sentence}; this is a first impression, not a verdict."
    ratio = record.held_ratio(workload)
    if ratio is None:
        return f"{sentence}."
    if not ratio.is_a_difference:
        return f"{sentence}: no difference could be shown, the ratio is {of_ratio(ratio)}."
    faster, times = _leader(ratio)
    return f"{sentence}: {faster} holds at least {of_ratio(times)} times as many."


def _rate(record: Record, workload: str, backend: str) -> str:
    rate = record.held_in_words(workload, backend, " requests/s")
    return rate if record.held[workload][backend].median else f"{rate}, the lowest rate offered,"


def _reason(record: Record, held: dict[str, Interval]) -> str:
    reasons = [record.why_absent(backend) for backend in BACKENDS if backend not in held]
    return f" ({reasons[0].rstrip('.')})" if reasons[0] else ""


def _matters(record: Record) -> str:
    choices = record.choices
    below = record.both_hold
    until = ""
    if below:
        of_what = plain(next(iter(record.held)))
        until = (
            f"up to {digits(below)} requests/s of “{of_what}”, both hold the load and the choice hardly matters; "
            "beyond that, "
        )
    if not choices:
        return "The measurements do not show when the choice matters."
    if not record.can_judge:
        medians = [(ratio.median, name) for name, ratio in choices.items()]
        said = f"FastAPI's requests/s were {_span(medians)} times Flask's, also a first impression"
    else:
        said = f"{until}{_called(choices)}"
    return f"{capital(said)}."


def _called(choices: dict[str, Interval]) -> str:
    matters: dict[str, list[tuple[float, str]]] = {}
    alike, unsettled = [], []
    for name, ratio in choices.items():
        faster, times = _leader(ratio)
        if times.low >= MATTERS:
            matters.setdefault(faster, []).append((times.median, name))
        elif times.high < MATTERS and times.low > 1 / MATTERS:
            alike.append(f"“{name}” ({ratio.low:.2f} to {ratio.high:.2f} times)")
        else:
            unsettled.append(f"“{name}” ({ratio.low:.2f} to {ratio.high:.2f} times)")
    where = [f"{faster} answers more at its limit, by a factor of {_span(found)}" for faster, found in matters.items()]
    said = []
    if alike:
        said.append(f"it hardly matters for speed with {names_and(alike)}")
    if where:
        said.append(f"{'elsewhere' if alike else 'the choice matters:'} {'; '.join(where)}")
    if unsettled:
        said.append(f"these rounds cannot tell whether it matters with {names_and(unsettled)}")
    return "; ".join(said)


def _span(found: list[tuple[float, str]]) -> str:
    """The least and the greatest factor, with their names."""
    ends = [f"{times:.2f} (“{name}”)" for times, name in sorted({min(found), max(found)})]
    return " to ".join(ends)


def _leader(ratio: Interval) -> tuple[str, Interval]:
    """The faster service, and how many times as many requests it answers."""
    if ratio.median >= 1:
        return BACKENDS["fastapi"], ratio
    return BACKENDS["flask"], Interval(1 / ratio.high, 1 / ratio.median, 1 / ratio.low)
