"""Compared lanes get the same requests and give the same answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compare.__main__ import PLAN as COMPARED
from compare.bench import PLAN as BENCHED
from compare.measuring.asking import predict
from compare.measuring.models import MODELS, Subject, is_answer
from compare.measuring.plan import GIVEN, PEER, read_plan
from compare.measuring.server import Cores, missing, running

pytestmark = pytest.mark.slow

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
PEERS = [lane for lane in read_plan(BENCHED, MODELS).lanes.values() if lane.kind == PEER and not missing(lane)]


@pytest.mark.parametrize("lane", VALIDATING, ids=lambda lane: lane.name)
def test_validating_lanes_answer_and_refuse_alike(lane):
    with running(lane, Path(), json.dumps(VALID).encode(), Cores.available().server) as server:
        answer = predict(server.port, json.dumps(VALID).encode())
        refused = [predict(server.port, json.dumps(body).encode()).status for body in INVALID]

    assert (answer.status, json.loads(answer.body)) == (200, {"labels": ["Gentoo", "Gentoo"]})
    assert refused == [422] * len(INVALID)


@pytest.mark.parametrize("lane", PEERS, ids=lambda lane: lane.name)
def test_peers_predict_what_the_model_predicts(lane, tmp_path):
    MODELS["penguins"](tmp_path / "penguins")
    requests = Subject(tmp_path / "penguins", [3]).requests[3]

    with running(lane, tmp_path / "penguins", requests.payloads[0], Cores.available().server) as server:
        answers = [predict(server.port, payload) for payload in requests.payloads]

    assert [answer.status for answer in answers] == [200] * len(answers)
    assert all(is_answer(answer.body, expected) for answer, expected in zip(answers, requests.answers, strict=True))
