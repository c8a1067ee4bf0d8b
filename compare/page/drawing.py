"""The parts of the plots: scales and SVG elements, with every text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10

from markupsafe import Markup

from .words import digits

# The width of a drawing, in units of its text, which is 12 high: narrow enough for a telephone.
WIDTH = 400
LINE = 14


class Linear:
    """From 0 to a round number above the greatest value."""

    def __init__(self, greatest: float, start: float, end: float) -> None:
        step = 10 ** floor(log10(greatest)) if greatest > 0 else 1.0
        if greatest / step < 2:
            step /= 5
        elif greatest / step < 5:
            step /= 2
        n_steps = ceil(greatest / step) or 1
        self.start, self.end = start, end
        self.ticks = [step * n for n in range(0, n_steps + 1, 2 if n_steps > 5 else 1)]
        self._most = n_steps * step

    def at(self, value: float) -> float:
        return self.start + value / self._most * (self.end - self.start)


class Logarithmic:
    """Between 1, 2 or 5 times a power of ten below the least value, and a little above the greatest."""

    def __init__(self, values: Iterable[float], *, bottom: float, top: float) -> None:
        ordered = sorted(values)
        decades = range(floor(log10(ordered[0])), floor(log10(ordered[-1])) + 1)
        steps = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
        self._low = max(step for step in steps if step <= ordered[0])
        self._high = max(ordered[-1] * 1.2, self._low * 10)
        self.bottom, self.top = bottom, top
        shown = steps if self._high / self._low < 200 else [10.0**decade for decade in decades]
        self.ticks = [step for step in shown if self._low <= step <= self._high]

    def at(self, value: float) -> float:
        return self.bottom - log10(value / self._low) / log10(self._high / self._low) * (self.bottom - self.top)


def grid(across: Linear, up: Logarithmic) -> Iterable[Markup]:
    for tick in up.ticks:
        yield line(across.start, up.at(tick), across.end, up.at(tick), css="grid")
        yield text_at(across.start - 6, up.at(tick) + 4, _written(tick), anchor="end", css="axis")
    for tick in across.ticks:
        yield line(across.at(tick), up.bottom, across.at(tick), up.bottom + 4, css="one")
        yield text_at(across.at(tick), up.bottom + 18, _written(tick), anchor="middle", css="axis")
    yield line(across.start, up.bottom, across.end, up.bottom, css="one")


def apart(labels: Sequence[tuple[float, str, str]], x: float) -> Iterable[Markup]:
    """Places labels in one column, each as near to its height as the labels above it allow."""
    least = 0.0
    for y, label, css in sorted(labels):
        least = max(y + 4, least)
        yield text_at(x, least, label, css=css)
        least += LINE


def short(label: str, longest: int) -> str:
    return label if len(label) <= longest else f"{label[: longest - 1].rstrip()}…"


def whisker(low: float, high: float, y: float) -> Iterable[Markup]:
    if low == high:
        return
    for css in ("halo", "whisker"):  # the lower end must be visible on a bar, too
        yield line(low, y, high, y, css=css)
        for end in (low, high):
            yield line(end, y - 4, end, y + 4, css=css)


def marker(x: float, y: float, *, is_round: bool, css: str, size: float = 3) -> Markup:
    if is_round:
        return element("circle", cx=x, cy=y, r=size, css=css)
    return element("rect", x=x - size, y=y - size, width=size * 2, height=size * 2, css=css)


def bar(x: float, y: float, width: float, height: float, css: str) -> Markup:
    return element("rect", x=x, y=y, width=width, height=height, css=css)


def line(x1: float, y1: float, x2: float, y2: float, *, css: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, css=css)


def text_at(x: float, y: float, text: str, *, anchor: str = "start", css: str = "") -> Markup:
    return element("text", text, x=x, y=y, text_anchor=anchor, css=css)


def element(name: str, text: str | None = None, *, css: str = "", **attributes: float | str) -> Markup:
    written = Markup("").join(
        Markup(' {}="{}"').format(key.replace("_", "-"), value if isinstance(value, str) else f"{value:.1f}")
        for key, value in {**attributes, "class": css}.items()
        if value != ""
    )
    if text is None:
        return Markup("<{}{}/>").format(name, written)
    return Markup("<{}{}>{}</{}>").format(name, written, text, name)


def svg(height: float, title: str, told: str, drawn: Iterable[Markup]) -> Markup:
    """A screen reader reads `title`, and `told` on request."""
    return Markup('<svg viewBox="0 0 {} {:.0f}" role="img"><title>{}</title><desc>{}</desc>{}</svg>').format(
        WIDTH, height, title, told, Markup("").join(drawn)
    )


def _written(tick: float) -> str:
    return f"{tick:,g}" if tick < 1e6 else digits(tick)
