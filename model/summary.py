"""What was packaged, shown to its author: the signature, what the data cannot tell, scores, a request that works."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from .artifact import EXAMPLE
from .manifest import Manifest
from .packaging import example_request
from .signature import Feature, Signature

SHOWN_FEATURES = 30
PASTED_CHARACTERS = 4000  # some terminals cut off longer lines


def signature_table(signature: Signature) -> Table:
    table = Table("feature", "kind", "null", "allowed", "in the data", "unit", "example", box=None, pad_edge=False)
    for feature in signature.features[:SHOWN_FEATURES]:
        cells = (
            printable(feature.name),
            feature.kind,
            "yes" if feature.nullable else "no",
            _allowed(feature),
            "" if feature.observed is None else "{:g} to {:g}".format(*feature.observed),
            feature.unit or "",
            _shortened(printable(json.dumps(feature.example, ensure_ascii=False))),
        )
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    if (n_more := len(signature.features) - SHOWN_FEATURES) > 0:
        table.add_row(f"and {n_more} more")
    return table


def unknown(signature: Signature) -> Iterator[str]:
    """What data cannot tell of these features, a sentence for each kind of ignorance."""
    features = signature.features
    measured = [each for each in features if each.kind in ("number", "integer")]
    if unitless := [each for each in measured if each.unit is None]:
        yield f"units of {_listed(unitless)}"
    if unbounded := [each for each in measured if each.minimum is None or each.maximum is None]:
        yield f"bounds of {_listed(unbounded)}: every number is taken"
    if present := [each for each in features if not each.nullable]:
        yield f"whether {_listed(present)} may be missing: null is refused, as it is not in the data"
    if listed := [each for each in features if each.kind == "category"]:
        yield f"other categories of {_listed(listed)} than those in the data: they are refused"


def correction_example(signature: Signature) -> str:
    """The beginning of a TOML file with corrections."""
    feature = next((each for each in signature.features if each.kind in ("number", "integer")), signature.features[0])
    key = feature.name if re.fullmatch(r"[A-Za-z0-9_-]+", feature.name) else _quoted(feature.name)
    lines = [f"[{key}]"]
    if feature.kind in ("number", "integer"):
        least, most = feature.observed or (0, 1)
        lines += ['unit = "..."', f"minimum = {least}", f"maximum = {most}"]
    else:
        lines += ["nullable = true"]
    return "\n".join(lines)


def score_lines(manifest: Manifest) -> list[str]:
    if manifest.metrics is None:
        return ["Nothing was scored: there is no target."]
    return [
        f"Scores on {manifest.scored_on}:",
        *(f"  {name:<32}{score:.4f}" for name, score in manifest.metrics.items()),
    ]


def runtime_line(manifest: Manifest) -> str:
    what = "It is served compiled" if manifest.parity.passed else "It is served by scikit-learn"
    return f"{what}: {manifest.parity.finding}."


def curl_line(signature: Signature, folder: Path, urls: Sequence[str]) -> str:
    """A command for a shell; a body that is too long to paste, or that a terminal would act on, is read from a file."""
    body = example_request(signature).decode()
    if len(body) > PASTED_CHARACTERS or not body.isprintable():
        body = f"@{folder / EXAMPLE}"
    return shlex.join(["curl", "-w", "\\n", "--json", body, *urls])


def printable(text: str) -> str:
    """The text, quoted where a terminal would act on it."""
    return text if text.isprintable() else _quoted(text)


def _quoted(text: str) -> str:
    """As TOML takes it, which knows every escape of JSON's but that of a character beyond 16 bits."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08X}" for each in quoted)


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


def _shortened(text: str, n_characters: int = 60) -> str:
    return text if len(text) <= n_characters else text[: n_characters - 3] + "..."
