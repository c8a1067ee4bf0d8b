"""The CPU time of other processes during a run is measured, without that of the run itself."""

from __future__ import annotations

import os
import subprocess
import sys
from time import process_time

import pytest

from compare.measuring.others import CpuTime, of_others, others_share

pytestmark = pytest.mark.slow

BUSY_S = 1.0
# Busy until the kernel has accounted this much CPU time.
BUSY = f"import time\nwhile time.process_time() < {BUSY_S}: pass"


@pytest.fixture
def core():
    """A core to which this process is pinned."""
    before = os.sched_getaffinity(0)
    core = min(before)
    os.sched_setaffinity(0, {core})
    yield core
    os.sched_setaffinity(0, before)


def test_counts_other_processes(core):
    before = CpuTime.of({core})
    busy = [sys.executable, "-c", f"{BUSY}\nprint()\ninput()"]
    with subprocess.Popen(busy, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        after = CpuTime.of({core})  # this process has not waited for it, so it counts as another's
        other.communicate(b"\n")
    elapsed_s = after.at_s - before.at_s

    assert others_share(before, after, 1) * elapsed_s > 0.8 * BUSY_S


def test_does_not_count_the_run_and_its_servers(core):
    before = CpuTime.of({core})
    started_s = process_time()
    subprocess.run([sys.executable, "-c", BUSY], check=True)
    while process_time() < started_s + BUSY_S:
        pass
    after = CpuTime.of({core})

    assert after.own_s - before.own_s >= 2 * BUSY_S


def test_computes_the_share_of_others_on_several_cores():
    before, after = CpuTime(at_s=100, taken_s=50, own_s=40), CpuTime(at_s=110, taken_s=66, own_s=55)

    assert others_share(before, after, 2) == pytest.approx(0.05)
    assert others_share(before, CpuTime(at_s=110, taken_s=66, own_s=57), 2) == pytest.approx(-0.05)


@pytest.mark.parametrize(
    "shares, told",
    [
        ([], "It is not known what else ran."),
        ([0.004], "Other processes and the hypervisor took less than 1% of the cores' time."),
        (
            [0.004, 0.006, -0.002],
            "Other processes and the hypervisor took less than 1% of the cores' time in every round.",
        ),
        (
            [0.004, 0.043, 0.005],
            "Other processes and the hypervisor took 0.5% of the cores' time, 4.3% in the worst round: "
            "above 1%, they may have caused waits.",
        ),
        (
            [0.757],
            "Other processes and the hypervisor took 75.7% of the cores' time: the times cannot be trusted.",
        ),
    ],
)
def test_describes_the_share_in_words(shares, told):
    assert of_others(shares) == told
