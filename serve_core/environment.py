"""Environment variables that libraries read when they are imported. Set them before the imports."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# A batch is too little work to share: more threads only wait for each other, and libgomp's do not survive a fork.
# scikit-learn reads the first, NumPy and SciPy the second, or one of the others if conda or macOS has another BLAS.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class NoMetricsFolder(OSError):
    """The temporary folder is not writable; the message is one sentence for the operator."""


@contextmanager
def prepared_environment() -> Iterator[None]:
    """Limit numeric libraries to one thread, and create the folder in which the metrics of all workers are added up.

    Raises: NoMetricsFolder.
    """
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    owner = os.getpid()
    # Pass TMPDIR explicitly: if it is not writable, `tempfile` would silently use another folder.
    temporary = os.environ.get("TMPDIR") or None
    try:
        folder = tempfile.mkdtemp(prefix="serve-metrics-", dir=temporary)
    except OSError as error:
        raise NoMetricsFolder(
            f"Cannot create a folder in {temporary or 'any of the usual temporary folders'} ({error.strerror}); "
            "set TMPDIR to a writable folder."
        ) from None
    os.environ[METRICS_FOLDER] = folder
    try:
        yield
    finally:
        if os.getpid() == owner:  # forked workers get here, too
            shutil.rmtree(folder, ignore_errors=True)
