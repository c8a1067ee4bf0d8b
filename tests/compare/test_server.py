"""How lanes are started."""

from __future__ import annotations

from pathlib import Path

import pytest

from compare.measuring import server
from compare.measuring.plan import Lane
from compare.measuring.server import Cores, LaneError, running, starting

pytestmark = pytest.mark.slow

LANE = Lane("answering", command="tests.compare.dying {port}")


def test_gives_up_on_a_lane_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(server, "MOST_TO_START_S", 0.5)
    elsewhere = Lane("elsewhere", command="http.server 0")

    with (
        pytest.raises(LaneError, match=r"^it gave no answer in 0\.5 s$"),
        running(elsewhere, Path(), b"{}", Cores.available().server),
    ):
        pass


def test_concurrent_lanes_get_different_ports():
    core = Cores.available().server
    with starting(LANE, Path(), core) as one, starting(LANE, Path(), core) as other:
        ports = {one.port, other.port}

    assert len(ports) == 2
    assert ports < set(range(20_000, 30_000))  # by default, the kernel's own range begins above these
