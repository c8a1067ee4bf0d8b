"""Measures how much of the cores' time others took during a run: processes, or a hypervisor."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
STAT = Path("/proc/stat")

# A share of the cores' time. An otherwise idle machine took up to half of it; two idle containers with a health check
# every five seconds took three times as much, and p99s showed it (docs/measuring.md).
QUIET_SHARE = 0.01
# Above this share the disturbance is not momentary any more.
SPOILT_SHARE = 0.1


@dataclass(frozen=True)
class CpuTime:
    """The CPU time used so far, by the kernel's accounting.

    Attributes:
        at_s: the time of this reading.
        taken_s: the time of some cores that any process used or the hypervisor stole.
        own_s: the time of this process and of the ended child processes that it waited for.
    Source: proc(5) on /proc/stat, getrusage(2).
    """

    at_s: float
    taken_s: float
    own_s: float

    @classmethod
    def of(cls, cores: Set[int]) -> CpuTime:
        return cls(perf_counter(), _taken_s(STAT.read_text(), cores), _own_s())


def others_share(before: CpuTime, after: CpuTime, n_cores: int) -> float:
    """The share of the cores' time between two readings that others took.

    It may be a little less than 0: the kernel counts a core's time in ticks, but a process's time exactly.
    """
    others_s = (after.taken_s - before.taken_s) - (after.own_s - before.own_s)
    return others_s / (n_cores * (after.at_s - before.at_s))


def is_loud(shares: Iterable[float]) -> bool:
    """Whether others may have changed the figures in any of the rounds."""
    return any(share > QUIET_SHARE for share in shares)


def is_spoilt(shares: Iterable[float]) -> bool:
    """Whether others had so much of the cores that no time says anything about the servers."""
    return any(share > SPOILT_SHARE for share in shares)


def of_others(shares: Sequence[float]) -> str:
    """The share in words."""
    if not shares:
        return "It is not known what else ran."
    who = "Other processes and the hypervisor"
    if not is_loud(shares):
        in_every = " in every round" if len(shares) > 1 else ""
        return f"{who} took less than {QUIET_SHARE:.0%} of the cores' time{in_every}."
    worst = f", {max(shares):.1%} in the worst round" if len(shares) > 1 else ""
    took = f"{who} took {max(0.0, median(shares)):.1%} of the cores' time{worst}"
    if is_spoilt(shares):
        return f"{took}: the times cannot be trusted."
    return f"{took}: above {QUIET_SHARE:.0%}, they may have caused waits."


def _taken_s(stat: str, cores: Set[int]) -> float:
    names = {f"cpu{core}" for core in cores}
    lines = [line.split() for line in stat.splitlines()]
    # After the name of the core: user, nice, system, idle, iowait, irq, softirq, steal.
    ticks = [int(spent) for name, *states in lines if name in names for spent in states[:3] + states[5:8]]
    return sum(ticks) / TICKS_PER_S


def _own_s() -> float:
    usages = map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
