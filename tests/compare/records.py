"""Invented runs, in the form in which `python -m compare` records them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from compare.judging.claims import Claim, Figure, read_claims
from compare.judging.intervals import LEAST_ROUNDS, Interval
from compare.page import write_page

Raw = dict[str, Any]

# By lane: title, kind, and requests/s by workload.
LANES: dict[str, tuple[str, str, dict[str, float]]] = {
    "bare_asgi": ("bare ASGI", "floor", {"empty": 24100}),
    "fastapi": ("FastAPI", "service", {"compiled": 4210, "compiled_100": 1190, "sklearn": 1740, "heavy": 46.1}),
    "flask": ("Flask", "service", {"compiled": 2890, "compiled_100": 1020, "sklearn": 1540, "heavy": 46.0}),
    "fastapi_gunicorn": ("FastAPI (gunicorn asgi)", "same server", {"compiled": 3350}),
    "flask_granian": ("Flask (granian)", "same server", {"compiled": 3120}),
    "fastapi_validated": ("FastAPI (validated)", "like with like", {"compiled": 4400}),
    "flask_spectree": ("Flask + spectree", "like with like", {"compiled": 2300}),
    "tutorial_fastapi_async": ("FastAPI (async def that blocks)", "tutorial", {"compiled": 1210, "heavy": 45.0}),
    "tutorial_flask": ("Flask without validation", "tutorial", {"compiled": 1100, "heavy": 44.0}),
    "fastapi_empty": ("FastAPI (empty)", "empty", {"empty": 9800}),
    "starlette_empty": ("Starlette (empty)", "empty", {"empty": 15100}),
    "flask_empty": ("Flask (empty)", "empty", {"empty": 6200}),
}
WORKLOADS = {
    "empty": "A handler that answers at once: what most articles measure.",
    "compiled": "The model as it is packaged, compiled to ONNX, one instance a request.",
    "compiled_100": "The same with a hundred instances a request.",
    "sklearn": "The same model on scikit-learn, about 3 ms a call.",
    "heavy": "A model that takes 20 ms or more.",
}
SHARES = (0.2, 0.4, 0.6, 0.8, 0.95)


def full(*, seed: int = 7) -> Raw:
    """All lanes but one, in seven rounds."""
    chance = random.Random(seed)
    node = {"lane": "node_empty", "title": "Node (empty)", "kind": "empty", "note": ""}
    return {
        "began": "2026-11-22T02:30:00+00:00",
        "is_quick": False,
        "is_complete": True,
        "rounds": 7,
        "rounds_done": 7,
        "seconds": 5.0,
        "seed": 123456,
        "cores": {"server": 1, "load": 0},
        "others_shares": [0.004, 0.005, 0.004, 0.003, 0.006, 0.004, 0.005],
        "machine": {"cpu": "AMD EPYC 7B13", "cores": "2", "system": "Linux 6.18", "python": "3.13.1", "flask": "3.1.3"},
        "model": {
            "name": "penguins",
            "version": "1.0.0-3f8a1b2c4d5e",
            "task": "classification",
            "n_features": 6,
            "digest": "3f8a1b2c4d5e" * 5,
        },
        "service_level_ms": 50,
        "bare_requests_per_s": 24100.0,
        "workloads": WORKLOADS,
        "lanes": [
            *(_lane(name) for name in LANES),
            {**node, "workloads": [_absent("empty", "node is not installed.")]},
        ],
        "cells": list(_cells(chance, rounds=7)),
        "held": {
            "compiled": {"fastapi": _spread(3390, 0.03), "flask": _spread(2240, 0.02)},
            "sklearn": {"fastapi": _spread(1420, 0.04), "flask": _spread(1290, 0.05)},
            "heavy": {"fastapi": _spread(21.3, 0.05), "flask": _spread(21.0, 0.06)},
        },
        "steps_us": {
            "fastapi": _steps(3.1, 12.7, 14.2, 6.3, 182.4, 61.5),
            "flask": _steps(3.2, 15.9, 14.3, 6.1, 268.9, 240.2),
        },
        "steps_at_per_s": {"fastapi": 2947.0, "flask": 2023.0},
        "lines": {
            "fastapi": {"app.py": 34, "body.py": 55, "errors.py": 22, "routes.py": 41, "validation.py": 88},
            "flask": {"app.py": 25, "body.py": 24, "errors.py": 19, "openapi.py": 102, "validation.py": 119},
        },
        "core_lines": 1234,
        "weight": {
            "fastapi": {"packages": 31, "megabytes": 412.5, "image_megabytes": None},
            "flask": {"packages": 28, "megabytes": 398.1, "image_megabytes": None},
        },
        "claims": [_claim(claim) for claim in read_claims()],
        "sources": {"A": "Revisiting Flask vs FastAPI in 2022", "B": "A Comprehensive Comparison"},
    }


def quick() -> Raw:
    record = full()
    record |= {"is_quick": True, "rounds": 1, "rounds_done": 1, "seconds": 0.5}
    record["cells"] = [cell for cell in record["cells"] if cell["round"] == 0]
    record["held"] = {
        workload: {backend: dict.fromkeys(rate, rate["median"]) for backend, rate in of.items()}
        for workload, of in record["held"].items()
    }
    return without_timing_verdicts(record, "A quick run gives no verdict on time.")


def of_rounds(n_rounds: int) -> Raw:
    """A complete run with fewer rounds than a verdict needs."""
    record = full()
    record |= {"is_quick": n_rounds < LEAST_ROUNDS, "rounds": n_rounds, "rounds_done": n_rounds}
    record["cells"] = [cell for cell in record["cells"] if cell["round"] < n_rounds]
    return without_timing_verdicts(record, "There were too few rounds.")


def partial() -> Raw:
    """The record after the second round, without the parts that come at the end of a run."""
    record = full()
    record |= {"is_complete": False, "rounds_done": 2, "held": {}, "steps_us": {}, "weight": {}, "core_lines": None}
    record["cells"] = [cell for cell in record["cells"] if cell["round"] < 2 and cell["share"] is None]
    return without_timing_verdicts(record, "The run was ended before its last round.")


def of_one_backend(backend: str, gone: str) -> Raw:
    record = full()
    record["cells"] = [cell for cell in record["cells"] if gone not in cell["lane"]]
    for name in ("steps_us", "steps_at_per_s", "lines", "weight"):
        del record[name][gone]
    record["held"] = {workload: {backend: of[backend]} for workload, of in record["held"].items()}
    for lane in record["lanes"]:
        if gone in lane["lane"]:
            lane["workloads"] = [
                _absent(each["workload"], f"serve_{gone}/ does not exist.") for each in lane["workloads"]
            ]
    return without_timing_verdicts(record, f"serve_{gone}/ does not exist.")


def nothing() -> Raw:
    """A run that ended before the first round."""
    return {
        "began": "2026-11-22T02:30:00+00:00",
        "is_quick": False,
        "is_complete": False,
        "rounds": 7,
        "rounds_done": 0,
    }


def hostile(text: str) -> Raw:
    """A run in which every external string is this text."""
    record = full()
    record["model"] |= {"name": text, "version": text, "task": text, "digest": text}
    record["machine"] |= {"cpu": text, text: text}
    record["workloads"] = dict.fromkeys(WORKLOADS, text) | {text: text}
    record["sources"] = {"A": text}
    record["lines"]["flask"][text] = 3
    for lane in record["lanes"]:
        lane |= {"title": text, "note": text}
        lane["workloads"][0] |= {"workload": text, "runtime": text}
    record["lanes"][-1] |= {"workloads": [_absent(text, text)], "kind": text}
    for claim in record["claims"]:
        claim |= {"claim": text, "why_not": text, "untested": text, "figures": {text: 1.0}}
    record["cells"][0]["faults"] = {text: 3}
    return record


def page_of(record: Raw, folder: Path) -> Path:
    (folder / "figures.json").write_text(json.dumps(record))
    write_page(folder / "figures.json", folder / "index.html")
    return folder / "index.html"


def without_timing_verdicts(record: Raw, reason: str) -> Raw:
    for claim in record["claims"]:
        if claim["how"] == "measured":
            claim |= {"verdict": "not measured", "why_not": reason, "figures": {}}
    return record


def _lane(name: str) -> Raw:
    title, kind, rates = LANES[name]
    is_service = kind == "service"
    return {
        "lane": name,
        "title": title,
        "note": "as it ships" if is_service else "",
        "kind": kind,
        "workloads": [
            {
                "workload": workload,
                "absent": None,
                "runtime": "onnx" if is_service else None,
                "cold_starts_s": [1.9, 2.1, 2.0],
            }
            for workload in rates
        ],
    }


def _absent(workload: str, reason: str) -> Raw:
    return {"workload": workload, "absent": reason, "runtime": None, "cold_starts_s": []}


def _cells(chance: random.Random, rounds: int) -> Iterable[Raw]:
    for name, (_, kind, rates) in LANES.items():
        for workload, rate in rates.items():
            asked = {"workload": workload, "rows": 100 if "100" in workload else 1, "connections": 64, "lane": name}
            for index in range(rounds):
                most = rate * chance.uniform(0.98, 1.02)
                yield _cell(asked, index, None, most, p50_ms=64_000 / most, load_share=0.95 if rate > 20_000 else 0.4)
                if kind in ("service", "same server") and workload in ("compiled", "sklearn", "heavy"):
                    for share in SHARES:
                        alone_ms = 0.4 + 1000 / most
                        p50_ms = alone_ms / (1 - share) ** 0.5
                        yield _cell(asked, index, share, most * share, p50_ms=p50_ms, load_share=0.2)


def _cell(asked: Raw, index: int, share: float | None, rate: float, *, p50_ms: float, load_share: float) -> Raw:
    return {
        **asked,
        "share": share,
        "round": index,
        "requests": int(rate * 5),
        "seconds": 5.0,
        "offered_per_s": rate if share is not None else None,
        "requests_per_s": rate,
        "rows_per_s": rate * asked["rows"],
        "p50_ms": p50_ms,
        "p90_ms": p50_ms * 1.4,
        "p99_ms": p50_ms * (1.5 + 4 * (share or 0) ** 4),
        "p999_ms": p50_ms * 9,
        "cpu_us": 0.97e6 / rate,
        "load_share": load_share,
        "memory_mib": 240.5 if "fastapi" in asked["lane"] else 221.25,
        "health_p99_ms": None,
        "faults": {},
    }


def _claim(claim: Claim) -> Raw:
    figures = {name: _figure(claim, name) for name in _names_in(claim)}
    return {
        "number": claim.number,
        "claim": claim.claim,
        "sources": claim.sources,
        "how": claim.how,
        "experiment": claim.experiment,
        "rules": {verdict: list(conditions) for verdict, conditions in claim.rules.items()},
        "ratios": [vars(ratio) for ratio in claim.ratios],
        "on": claim.on,
        "untested": claim.untested,
        "shown": list(claim.shown),
        "figures": {name: vars(figure) if isinstance(figure, Interval) else figure for name, figure in figures.items()},
        "verdict": claim.verdict(figures),
        "why_not": "",
    }


def _names_in(claim: Claim) -> list[str]:
    ends = [word for rule in claim.rules.values() for condition in rule for word in condition.split(" ")[::2]]
    return list(dict.fromkeys([*(ratio.name for ratio in claim.ratios), *(word for word in ends if word[0].isalpha())]))


def _figure(claim: Claim, name: str) -> Figure:
    if claim.how != "measured":
        return float(len(name) % 3)
    median = {"held_compiled": 1.51, "held_sklearn": 1.1, "heavy": 1.0}.get(name, 0.8 + len(name) % 5 * 0.25)
    return Interval(median * 0.97, median, median * 1.04)


def _spread(median: float, share: float) -> dict[str, float]:
    return {"low": median * (1 - share), "median": median, "high": median * (1 + share)}


def _steps(*us: float) -> dict[str, float]:
    return dict(zip(("parse", "validate", "predict", "encode", "everything else", "wait"), us, strict=True))
