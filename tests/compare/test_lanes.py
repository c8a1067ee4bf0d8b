"""Lanes that are set beside each other are asked for the same and answer the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compare.__main__ import PLAN as COMPARED
from compare.asking import predict
from compare.models import MODELS
from compare.plan import GIVEN, read_plan
from compare.server import Cores, missing, running

PLAN = read_plan(COMPARED, [*MODELS, GIVEN])
PENGUIN = {
    "island": "Biscoe",
    "bill_length_mm": 50.0,
    "bill_depth_mm": None,
    "flipper_length_mm": 220,
    "body_mass_g": 5000.5,
    "sex": "male",
}
VALID = {"instances": [PENGUIN, PENGUIN]}
INVALID = [
    {"instances": [{**PENGUIN, "island": "Atlantis"}]},
    {"instances": [{**PENGUIN, "body_mass_g": "heavy"}]},
    {"instances": [{**PENGUIN, "colour": "black"}]},
    {"instances": [{key: value for key, value in PENGUIN.items() if key != "sex"}]},
    {"instances": {}},
    {"instances": 5},
    {"rows": []},
    [],
]
VALIDATING = [
    lane
    for lane in PLAN.lanes.values()
    if lane.kind == "like with like"
    and any((cell.workload.name, cell.lane) == ("validation", lane.name) for cell in PLAN.cells)
    and not missing(lane)
]


@pytest.mark.parametrize("lane", VALIDATING, ids=lambda lane: lane.name)
def test_those_that_validate_answer_alike_and_refuse_alike(lane):
    with running(lane, Path(), json.dumps(VALID).encode(), Cores.available().server) as server:
        answer = predict(server.port, json.dumps(VALID).encode())
        refused = [predict(server.port, json.dumps(body).encode()).status for body in INVALID]

    assert (answer.status, json.loads(answer.body)) == (200, {"labels": ["Gentoo", "Gentoo"]})
    assert refused == [422] * len(INVALID)
