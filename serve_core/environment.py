"""What libraries read from the environment when they are imported: set before any of them is."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# One row is too little work to share: more threads only wait for each other, and libgomp's do not survive a fork.
# scikit-learn reads the first, NumPy and SciPy the second, or the others where conda or macOS brings another BLAS.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class NoMetricsFolder(OSError):
    """The temporary folder takes no files; the message is a sentence."""


@contextmanager
def prepared_environment() -> Iterator[None]:
    """Pin numeric libraries to one thread, and give the workers a folder in which their metrics are added up.

    Raises: NoMetricsFolder.
    """
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    owner = os.getpid()
    # Named here, because `tempfile` passes over a TMPDIR that it cannot write and takes another folder silently.
    temporary = os.environ.get("TMPDIR") or None
    try:
        folder = tempfile.mkdtemp(prefix="serve-metrics-", dir=temporary)
    except OSError as error:
        raise NoMetricsFolder(
            f"No folder can be made in {temporary or 'any of the usual temporary folders'} ({error.strerror}); "
            "set TMPDIR to a folder that takes one."
        ) from None
    os.environ[METRICS_FOLDER] = folder
    try:
        yield
    finally:
        if os.getpid() == owner:  # a forked worker leaves through here too
            shutil.rmtree(folder, ignore_errors=True)
