"""The claims of articles and their verdicts: the rules are data in `claims.toml`, and are applied here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import ge, gt, le, lt
from pathlib import Path
from typing import Any, Literal

from .intervals import Interval

CLAIMS = Path(__file__).with_name("claims.toml")

Verdict = Literal["true", "false", "outdated", "depends", "not testable", "not measured"]

# A count of an experiment, or the ratio of two lanes.
Figure = float | Interval
Figures = Mapping[str, Figure]

CONDITION = re.compile(r"(\w+) (>=|<=|>|<) ([\w.]+)")
BOUNDS: Mapping[str, Callable[[float, float], bool]] = {">=": ge, "<=": le, ">": gt, "<": lt}


class RuleError(ValueError):
    """A rule is not valid; the message says why."""


@dataclass(frozen=True)
class Ratio:
    """A figure of one lane, divided by that of another lane if one is named."""

    name: str
    figure: str
    lane: str
    workload: str
    against: str | None = None


@dataclass(frozen=True)
class Claim:
    """
    Attributes:
        sources: the letters of the articles.
        how: measured under load, demonstrated without load, or cited.
        experiment: the experiment whose figures decide it, beside those of `ratios`.
        counts: what its figures mean, for the reader.
        rules: for each verdict, the conditions that must all hold.
        on: what the claim depends on if no rule fits.
        untested: the part that was not tested, or the reason why it cannot be.
        is_timed: whether its experiment finds a time, without load.
        shown: figures that are always shown beside those of the rules.
    """

    number: int
    claim: str
    sources: str
    how: Literal["measured", "demonstrated", "cited"]
    ratios: tuple[Ratio, ...] = ()
    experiment: str | None = None
    counts: str = ""
    rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    on: str = ""
    untested: str = ""
    is_timed: bool = False
    shown: tuple[str, ...] = ()

    @property
    def needs(self) -> set[str]:
        """The figures that its rules use."""
        return {name for conditions in self.rules.values() for each in conditions for name in _names_in(each)}

    def verdict(self, figures: Figures) -> Verdict:
        """Raises: RuleError if a condition is not valid."""
        if not self.rules:
            return "not testable"
        if not self.needs <= figures.keys():
            return "not measured"
        for verdict, conditions in self.rules.items():
            if all(_holds(condition, figures) for condition in conditions):
                return verdict  # type: ignore[return-value]
        return "depends"


VERDICTS_WITH_RULES = ("true", "false", "outdated")


def read_claims(path: Path = CLAIMS) -> list[Claim]:
    return [_claim_of(dict(entry)) for entry in tomllib.loads(path.read_text())["claims"]]


def read_sources(path: Path = CLAIMS) -> dict[str, str]:
    """The articles by letter."""
    return dict(tomllib.loads(path.read_text())["sources"])


def _claim_of(entry: dict[str, Any]) -> Claim:
    rules = {verdict: tuple(entry.pop(verdict)) for verdict in VERDICTS_WITH_RULES if verdict in entry}
    ratios = tuple(Ratio(**each) for each in entry.pop("figures", []))
    shown = tuple(entry.pop("shown", ()))
    return Claim(**entry, ratios=ratios, rules=rules, shown=shown)


def _names_in(condition: str) -> list[str]:
    found = CONDITION.fullmatch(condition)
    if not found:
        raise RuleError(f"{condition!r} is not a valid condition.")
    left, _, right = found.groups()
    return [left] if _is_number(right) else [left, right]


def _holds(condition: str, figures: Figures) -> bool:
    """An interval meets a bound only if all of it does."""
    left, operator, right = CONDITION.fullmatch(condition).groups()  # type: ignore[union-attr]
    low, high = _ends(figures[left])
    other_low, other_high = (float(right),) * 2 if _is_number(right) else _ends(figures[right])
    compare = BOUNDS[operator]
    return compare(low, other_high) if operator in (">=", ">") else compare(high, other_low)


def _ends(figure: Figure) -> tuple[float, float]:
    return (figure.low, figure.high) if isinstance(figure, Interval) else (figure, figure)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None
