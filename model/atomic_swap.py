"""Swap two folders in one step, so that both names exist at every moment."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2  # Linux: renameat2(2)
RENAME_SWAP = 2  # macOS: renamex_np(2)


def exchange(one: Path, other: Path) -> None:
    """Swap two folders. If the system or the file system has no such call, three renames do it instead, and `other` is
    missing for a moment after the first one. Raises: OSError
    """
    if not _exchanged_at_once(os.fsencode(one), os.fsencode(other)):
        aside = one.with_name(one.name + ".aside")
        other.rename(aside)
        one.rename(other)
        aside.rename(one)


def _exchanged_at_once(one: bytes, other: bytes) -> bool:
    if sys.platform not in ("linux", "darwin"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        return bool(libc.renamex_np(one, other, RENAME_SWAP) == 0)
    if not hasattr(libc, "renameat2"):  # a C library older than glibc 2.28
        return False
    return bool(libc.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) == 0)
