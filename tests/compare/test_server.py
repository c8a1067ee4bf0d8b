"""How lanes are started."""

from __future__ import annotations

from pathlib import Path

from compare.plan import Lane
from compare.server import Cores, starting

LANE = Lane("answering", command="tests.compare.dying {port}")


def test_lanes_that_start_beside_each_other_are_told_ports_that_nobody_else_takes_meanwhile():
    core = Cores.available().server
    with starting(LANE, Path(), core) as one, starting(LANE, Path(), core) as other:
        ports = {one.port, other.port}

    assert len(ports) == 2
    assert ports < set(range(20_000, 30_000))  # the kernel begins above these where nobody has changed that
