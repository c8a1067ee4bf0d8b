"""An artifact is written completely or not at all, even if it is read meanwhile or the writer is killed."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import pytest

from model.artifact import load
from model.artifact.files import ESTIMATOR, MANIFEST
from model.artifact.manifest import sha256
from model.artifact.write import write
from model.packaging import save

from ..services import ROOT
from .conftest import FRAME

N_OBSERVATIONS, N_LOADS = 20_000, 50

REPLACE_AGAIN_AND_AGAIN = """
import sys
from itertools import cycle
from pathlib import Path
from model.artifact.write import write
folder, *others = map(Path, sys.argv[1:])
for files in cycle([{path.name: path.read_bytes() for path in other.iterdir()} for other in others]):
    write(folder, files)
"""


@pytest.fixture
def digests(folder: Path, classifier: object, tmp_path: Path) -> Iterator[set[str]]:
    """The digests of two artifacts that replace each other in `folder` during the test."""
    others = [tmp_path / "one", tmp_path / "two"]
    for other in others:
        save(classifier, FRAME, other)
    write(folder, {path.name: path.read_bytes() for path in others[0].iterdir()})
    command = [sys.executable, "-c", REPLACE_AGAIN_AND_AGAIN, str(folder), *map(str, others)]
    with subprocess.Popen(command, cwd=ROOT) as writer:
        yield {load(other).digest for other in others}
        writer.kill()


def test_readers_see_whole_files_during_a_replacement(folder, digests):
    counts: Counter[str] = Counter()
    while len(counts) < 2 or counts.total() < N_OBSERVATIONS:
        counts[sha256((folder / MANIFEST).read_bytes())] += 1

    assert counts.keys() == digests


def test_loads_during_a_replacement(folder, digests):
    counts: Counter[str] = Counter()
    while len(counts) < 2 or counts.total() < N_LOADS:
        counts[load(folder).digest] += 1

    assert counts.keys() == digests


# Each child is killed at one audit event later than the last: a file opened, renamed, removed, ...
KILL_AT_EVERY_STEP = """
import ctypes, errno, os, platform, signal, struct, sys
from itertools import count
from pathlib import Path
from model.artifact.write import write

folder, exists, has_exchange = Path(sys.argv[1]), sys.argv[2] == "replaced", sys.argv[3] == "at once"
OLD, NEW = [{name: name.encode() + content * 1000 for name in "abc"} for content in (b"old", b"new")]

def state():
    if not folder.exists():
        return "none"
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    return "old" if found == OLD else "new" if found == NEW else "half"

def forbid_exchange():
    # With seccomp(2), this process and its children see a kernel without renameat2.
    number = {"x86_64": 316, "aarch64": 276}[platform.machine()]
    load_number, is_it = (0x20, 0, 0, 0), (0x15, 0, 1, number)
    refuse, allow = (0x06, 0, 0, 0x00050000 | errno.ENOSYS), (0x06, 0, 0, 0x7FFF0000)
    code = b"".join(struct.pack("=HBBI", *each) for each in (load_number, is_it, refuse, allow))
    instructions = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", 4, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0

if not has_exchange:
    forbid_exchange()

for step in count(1):
    if exists:
        write(folder, OLD)
    left = step
    if (child := os.fork()) == 0:
        def kill_at_step(*_):
            global left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(kill_at_step)
        write(folder, NEW)
        left = 0
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(state())
    write(folder, NEW)
    assert state() == "new" and os.listdir(folder.parent) == [folder.name]
    if status == 0:
        break
    if not exists:
        folder.rename(folder.parent.with_name(f"written {step}"))
"""


@pytest.mark.parametrize(
    ("before", "exchange", "states"),
    [
        pytest.param("replaced", "at once", ["old", "new"], id="replaced at once"),
        pytest.param(
            "replaced",
            "in three steps",
            ["old", "none", "new"],
            id="replaced in three steps",
            marks=pytest.mark.skipif(
                (sys.platform, platform.machine()) not in [("linux", "x86_64"), ("linux", "aarch64")],
                reason="the numbers of the system call are those of Linux on x86-64 and ARM",
            ),
        ),
        pytest.param("written first", "at once", ["none", "new"], id="written first"),
    ],
)
def test_a_killed_writer_leaves_a_whole_artifact_and_the_next_cleans_up(tmp_path, before, exchange, states):
    folder = tmp_path / "models" / "artifact"
    command = [sys.executable, "-c", KILL_AT_EVERY_STEP, str(folder), before, exchange]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()

    assert [state for state, _ in groupby(printed)] == states
    assert len(printed) > 5


def test_loads_the_new_artifact_if_the_old_one_is_replaced_while_loading(folder, classifier):
    (folder / ESTIMATOR).unlink()
    os.mkfifo(folder / ESTIMATOR)

    with ThreadPoolExecutor() as threads:
        loading = threads.submit(load, folder)
        with (folder / ESTIMATOR).open("wb"):  # blocks until the manifest has been read
            new = save(classifier, FRAME, folder, replace=True)

    assert loading.result().manifest == new


@pytest.mark.parametrize("exists", [True, False])
def test_writes_to_the_target_of_a_link(tmp_path, exists):
    folder, link = tmp_path / "releases" / "1", tmp_path / "artifact"
    if exists:
        write(folder, {"file": b"old"})
    link.symlink_to(folder)

    write(link, {"file": b"new"})

    assert link.readlink() == folder
    assert (folder / "file").read_bytes() == b"new"
    assert [path.name for path in folder.parent.iterdir()] == ["1"]


def test_reports_progress(tmp_path):
    told = []

    write(
        tmp_path / "artifact",
        {"long": bytes(2**25 + 1), "short": b"12345"},
        lambda step, done, total: told.append((step, done, total)),
    )

    total = 2**25 + 1 + 5
    assert told == [("writing", done, total) for done in (0, 2**24, 2**25, 2**25 + 1, total)]
    assert (tmp_path / "artifact" / "long").stat().st_size == 2**25 + 1
