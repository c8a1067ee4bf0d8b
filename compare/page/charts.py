"""The kinds of plots. Each has labels beside its lines, and none relies on colour alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10

from markupsafe import Markup

from ..judging.intervals import Interval
from ..judging.times import REST, WAIT
from .drawing import (
    LINE,
    WIDTH,
    Linear,
    Logarithmic,
    apart,
    bar,
    element,
    grid,
    line,
    marker,
    short,
    svg,
    text_at,
    whisker,
)
from .record import Demand, Record
from .words import BACKENDS, OVER, digits, of_ratio, percent

# The space for names beside a plot's lines and bars, and for figures after them.
LABEL = 96
BESIDE = 168
# Very small values must be visible, too.
LEAST_BAR = 2

# The colours of the first and of the second lane in a plot.
SIGNS = ROUND, SQUARE = "●", "■"

Side = tuple[str, str]


def latency(record: Record, asked: Demand, lanes: Sequence[str]) -> Markup:
    """p50 and p99 of up to two lanes against the offered load, on a logarithmic scale."""
    curves = {
        (lane, figure): [(x, y) for x, y in record.curve(f"{figure}_ms", asked, lane) if y > 0]
        for lane in lanes
        for figure in ("p99", "p50")
    }
    curves = {name: points for name, points in curves.items() if points}
    if not curves:
        return Markup("")
    level = record.raw["service_level_ms"]
    signs = dict(zip(lanes, SIGNS, strict=False))
    every = [point for points in curves.values() for point in points]
    across = Linear(max(x for x, _ in every), 44, WIDTH - BESIDE)
    up = Logarithmic([y for _, y in every] + ([level] if level else []), bottom=220, top=16)
    drawn = [
        *grid(across, up),
        text_at(across.end, 256, "requests/s offered", anchor="end", css="axis"),
        text_at(0, 10, "ms", css="axis"),
    ]
    if level:
        drawn.append(line(across.start, up.at(level), across.end, up.at(level), css="level"))
    labels = [(up.at(level), f"service level {digits(level)} ms", "level")] if level else []
    for (lane, figure), points in curves.items():
        placed = [(across.at(x), up.at(y)) for x, y in points]
        css = f"{_backend(lane)} {figure}"
        drawn.append(element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in placed), css=css))
        drawn += [marker(x, y, is_round=signs[lane] == ROUND, css=css) for x, y in placed]
        labels.append((placed[-1][1], f"{signs[lane]} {short(record.choice(lane), 16)} {figure}", css))
    drawn += apart(labels, across.end + 8)
    told = [
        f"{record.title(lane)}, {figure}: " + ", ".join(f"{digits(y)} ms at {digits(x)} requests/s" for x, y in points)
        for (lane, figure), points in curves.items()
    ]
    titles = " and ".join(record.title(lane) for lane in lanes)
    return svg(264, f"Latency of {titles} against the load, {record.name_of(asked)}", ". ".join(told), drawn)


def bars(title: str, rows: Sequence[tuple[str, str, Interval, str]]) -> Markup:
    """
    Args:
        rows: label, name of the lane, figure with its interval, and the text above it.
    """
    scale = Linear(max((interval.high for *_, interval, _ in rows), default=0), 0, WIDTH - 8)
    height = 44
    drawn = []
    for index, (label, lane, interval, written) in enumerate(rows):
        y = 14 + index * height
        drawn += [
            text_at(0, y, short(label, 16)),
            text_at(WIDTH, y, written, anchor="end"),
            bar(scale.start, y + 6, scale.at(interval.median) - scale.start, 14, _backend(lane)),
            *whisker(scale.at(interval.low), scale.at(interval.high), y + 13),
        ]
    told = ". ".join(f"{label}: {written}" for label, *_, written in rows)
    return svg(len(rows) * height, title, told, drawn)


def ratios(title: str, rows: Sequence[tuple[str, Interval]], less: Side, more: Side) -> Markup:
    """Ratios on a logarithmic scale around 1.

    Args:
        less, more: which lane is ahead left and right of 1, in words and by colour.
    """
    ends = [abs(log10(end)) for _, ratio in rows for end in (ratio.low, ratio.high) if end > 0]
    reach = max([*ends, log10(2)])
    middle, half = WIDTH / 2, WIDTH / 2 - 12

    def at(ratio: float) -> float:
        return middle + (log10(ratio) / reach * half if ratio > 0 else -half)

    n_lines = max((label.count(OVER) + 1 for label, _ in rows), default=1)
    height = 44 + (n_lines - 1) * LINE
    bottom = 18 + len(rows) * height
    drawn = [
        text_at(middle - 8, 10, f"← {less[0]}", anchor="end", css="axis"),
        text_at(middle + 8, 10, f"{more[0]} →", css="axis"),
        text_at(middle, bottom + LINE, "1", anchor="middle", css="axis"),
    ]
    ticks = [tick for tick in (2, 5, 10, 100, 1000) if log10(tick) <= reach * 1.001]
    written = {at(tick): f"{tick} times" for tick in ticks} | {at(1 / tick): f"1/{tick}" for tick in ticks}
    drawn += [text_at(x, bottom + LINE, text, anchor=_anchor(x), css="axis") for x, text in written.items()]
    for index, (label, ratio) in enumerate(rows):
        y = 36 + index * height
        drawn += [text_at(WIDTH, y, of_ratio(ratio), anchor="end")]
        for number, part in enumerate(label.replace(OVER, f"\n{OVER.lstrip()}").split("\n")):
            drawn.append(text_at(0, y + number * LINE, short(part, 42)))
        y += (n_lines - 1) * LINE
        _, css = (more if ratio.median > 1 else less) if ratio.is_a_difference else ("", "other")
        drawn += [
            line(middle, y + 5, middle, y + 23, css="one"),
            *(line(x, y + 5, x, y + 23, css="grid") for x in written),
            *whisker(at(ratio.low), at(ratio.high), y + LINE),
            marker(at(ratio.median), y + LINE, is_round=True, css=css, size=4.5),
            line(0, y + 26, WIDTH, y + 26, css="grid"),
        ]
    told = ". ".join(f"{label}: {of_ratio(ratio)}" for label, ratio in rows)
    return svg(bottom + LINE + 6, title, told, drawn)


def waterfall(title: str, backend: str, steps: Mapping[str, float], longest: float) -> Markup:
    """The steps of a request; each begins where the last one ends.

    Args:
        steps: in microseconds.
        longest: the sum of all steps of the longest request shown, so that all have one scale.
    """
    total = sum(steps.values())
    whole = "in all" if REST in steps else "without server"
    left, right = 138.0, WIDTH - 104.0

    def at(us: float) -> float:
        return left + (us / longest * (right - left) if longest else 0.0)

    drawn, start = [], 0.0
    for index, (name, us) in enumerate(steps.items()):
        y = 14 + index * 24
        css = f"{backend} wait" if name == WAIT else backend
        drawn += [
            text_at(0, y + 4, name),
            line(at(start + us), y - 8, at(start + us), y + 24, css="grid"),
            bar(at(start), y - 8, max(at(start + us) - at(start), LEAST_BAR if us else 0), 16, css),
            text_at(WIDTH, y + 4, f"{digits(us)} µs, {percent(us / total if total else 0)}", anchor="end"),
        ]
        start += us
    y = 14 + len(steps) * 24
    drawn += [
        text_at(0, y + 4, whole, css="sum"),
        bar(left, y - 5, at(total) - left, 10, "other"),
        text_at(WIDTH, y + 4, f"{digits(total)} µs", anchor="end", css="sum"),
    ]
    told = ", ".join(f"{name}: {digits(us)} µs" for name, us in [*steps.items(), (whole, total)])
    return svg(y + 14, title, told, drawn)


def lines(title: str, by_backend: Mapping[str, Mapping[str, int]]) -> Markup:
    """For each file, one bar for each backend; the name of a backend is beside its first bar."""
    files = list(dict.fromkeys(name for of in by_backend.values() for name in of))
    most = max((n for of in by_backend.values() for n in of.values()), default=0)
    scale = Linear(most, LABEL, WIDTH - 40)
    height = 10 + 12 * len(by_backend)
    drawn = []
    firsts = {backend: next(iter(of), "") for backend, of in by_backend.items()}
    for index, file in enumerate(files):
        y = index * height
        drawn.append(text_at(0, y + height / 2 + 3, short(file, 15)))
        for place, (backend, of) in enumerate(by_backend.items()):
            if file in of:
                n_lines = f"{of[file]} {BACKENDS.get(backend, backend)}" if file == firsts[backend] else f"{of[file]}"
                drawn += [
                    bar(scale.start, y + place * 12 + 4, scale.at(of[file]) - scale.start, 9, backend),
                    text_at(scale.at(of[file]) + 5, y + place * 12 + 12, n_lines, css=f"small {backend}"),
                ]
    told = ". ".join(
        f"{BACKENDS.get(backend, backend)}: " + ", ".join(f"{file} {n}" for file, n in of.items())
        for backend, of in by_backend.items()
    )
    return svg(len(files) * height + 4, title, told, drawn)


def share(of_most: float, lane: str) -> Markup:
    """A bar in a table, beside its figure."""
    drawn = bar(0, 0, of_most * 100, 10, _backend(lane))
    return Markup('<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{}</svg>').format(drawn)


def _backend(lane: str) -> str:
    """The backend whose colour a lane has."""
    return next((backend for backend in BACKENDS if backend in lane), "other")


def _anchor(x: float) -> str:
    return "start" if x < 30 else "end" if x > WIDTH - 30 else "middle"
