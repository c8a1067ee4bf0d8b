"""The summary that the command prints: the signature, what the data cannot tell, scores, and a working request."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from warnings import WarningMessage

from rich.table import Column, Table
from rich.text import Text

from ..artifact.files import EXAMPLE
from ..artifact.manifest import Manifest
from ..choice import toml_string
from ..schema.signature import Feature, Signature
from .fitted import INDEX
from .infer_signature import DATES_REMEDY, are_dates
from .save import example_request

SHOWN_FEATURES = 30
URL = "localhost:8000/predict"  # the first backend of `make serve` and `docker compose up`
PASTED_CHARACTERS = 4000  # some terminals cut off longer lines


def signature_table(signature: Signature) -> Table:
    names = Column("feature", no_wrap=True)  # `_in_lines` breaks them
    table = Table(names, "kind", "null", "allowed", "in the data", "unit", "example", box=None, pad_edge=False)
    for feature in signature.features[:SHOWN_FEATURES]:
        cells = (
            _in_lines(printable(feature.name)),
            feature.kind,
            "yes" if feature.nullable else "no",
            _allowed(feature),
            "" if feature.observed is None else "{:g} to {:g}".format(*feature.observed),
            feature.unit or "",
            _example(feature),
        )
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    if (n_more := len(signature.features) - SHOWN_FEATURES) > 0:
        table.add_row(f"and {n_more} more")
    return table


def unknown(signature: Signature, failing: Sequence[Feature] = ()) -> Iterator[str]:
    """What the data cannot tell about these features, one phrase for each gap.

    Args:
        failing: integers at whose smallest or largest valid value the model fails.
    """
    features = signature.features
    measured = [each for each in features if each.kind in ("number", "integer")]
    if unitless := [each for each in measured if each.unit is None]:
        yield f"units of {_listed(unitless)}"
    if unbounded := [each for each in measured if each.minimum is None or each.maximum is None]:
        yield f"bounds of {_listed(unbounded)}: every number is valid"
    if failing:
        yield f"bounds of {_listed(failing)}, and the model fails on extreme integers: declare minimum and maximum"
    if present := [each for each in features if not each.nullable]:
        yield f"whether {_listed(present)} may be missing: null is refused, because the data contain none"
    if listed := [each for each in features if each.kind == "category"]:
        yield f"categories of {_listed(listed)} that the data do not contain: they are refused"
    if dates := [each for each in features if are_dates(each.categories or [each.example])]:
        yield f"the order of the dates of {_listed(dates)}, which the model takes as strings: {DATES_REMEDY}"
    if INDEX in signature.names:
        yield f"the meaning of {INDEX!r}, an index that to_csv has written: fit again without it (index_col=0)"


def correction_example(features: Sequence[Feature]) -> str:
    """The first lines of a TOML file with corrections, for the first number or integer."""
    feature = next((each for each in features if each.kind in ("number", "integer")), features[0])
    key = feature.name if re.fullmatch(r"[A-Za-z0-9_-]+", feature.name) else toml_string(feature.name)
    lines = [f"[{key}]"]
    if feature.kind in ("number", "integer"):
        least, most = feature.observed or (0, 1)
        lines += ['unit = "..."', f"minimum = {least}", f"maximum = {most}"]
    else:
        lines += ["nullable = true"]
    return "\n".join(lines)


def score_lines(manifest: Manifest) -> list[str]:
    if manifest.metrics is None:
        return ["No scores: there is no target."]
    return [
        f"Scores on {manifest.scored_on}:",
        *(f"  {name:<32}{score:.4f}" for name, score in manifest.metrics.items()),
    ]


def runtime_line(manifest: Manifest) -> str:
    what = "It is served compiled" if manifest.parity.passed else "It is served by scikit-learn, not compiled"
    return f"{what}: {manifest.parity.finding}."


def warning_lines(caught: Sequence[WarningMessage]) -> list[str]:
    """A line for each category of warnings, with the first message and the number of them."""
    if not caught:
        return []
    messages: dict[str, list[str]] = {}
    for each in caught:
        messages.setdefault(each.category.__name__, []).append(" ".join(str(each.message).split()))
    return [
        "",
        "Warnings during packaging:",
        *(f"  {category}, {len(found)} in all: {printable(found[0])}" for category, found in messages.items()),
    ]


def serve_command(folder: Path) -> str:
    if folder == Path("artifact"):
        return "`make serve` or `docker compose up`"
    return f"`make serve ARTIFACT={shlex.quote(str(folder))}`"


def curl_line(signature: Signature, folder: Path) -> str:
    """A shell command. It reads the body from a file if it is too long to paste or holds control characters."""
    body = example_request(signature).decode()
    if len(body) > PASTED_CHARACTERS or not body.isprintable():
        body = f"@{folder / EXAMPLE}"
    return shlex.join(["curl", "-w", "\\n", "--json", body, URL])


def printable(text: str) -> str:
    """The text, quoted if it holds control characters."""
    return text if text.isprintable() else toml_string(text)


def _allowed(feature: Feature) -> str:
    if feature.kind == "category":
        return _shortened(", ".join(map(printable, feature.categories)))
    if feature.minimum is None and feature.maximum is None:
        return "any" if feature.kind in ("number", "integer") else ""
    least = "" if feature.minimum is None else f"from {feature.minimum:.10g} "
    most = "" if feature.maximum is None else f"to {feature.maximum:.10g}"
    return (least + most).strip()


def _listed(features: Sequence[Feature], at_most: int = 5) -> str:
    shown = ", ".join(printable(feature.name) for feature in features[:at_most])
    return shown if len(features) <= at_most else f"{shown} and {len(features) - at_most} more"


def _example(feature: Feature) -> str:
    if isinstance(feature.example, float):
        return f"{feature.example:g}"
    return _shortened(printable(json.dumps(feature.example, ensure_ascii=False)))


def _in_lines(name: str) -> str:
    """The name in lines of up to 24 characters that end after a space or an underscore, if possible."""
    return "\n".join(re.findall(r".{1,24}(?:(?<=[ _])|$)|.{24}", name))


def _shortened(text: str, n_characters: int = 60) -> str:
    return text if len(text) <= n_characters else text[: n_characters - 3] + "..."
