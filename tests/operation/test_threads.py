"""Numeric libraries get one thread in every worker, unless the operator sets more."""

from __future__ import annotations

import httpx
import pytest

from ..services import PATIENCE_S
from .threads import ASKED, save_telling

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@pytest.fixture(scope="module")
def telling(tmp_path_factory):
    folder = tmp_path_factory.mktemp("telling") / "artifact"
    save_telling(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("said", "expected"), [(None, 1), ("2", 2)], ids=["by default", "as it is told"])
def test_numeric_libraries_use_the_expected_number_of_threads(serve, telling, monkeypatch, workers, said, expected):
    for name in VARIABLES:
        if said:
            monkeypatch.setenv(name, said)
        else:
            monkeypatch.delenv(name, raising=False)
    service = serve(telling, workers=workers)

    response = httpx.post(f"{service.url}/predict", json={"instances": [{"x": ASKED}]}, timeout=PATIENCE_S)

    assert [prediction["value"] for prediction in response.json()["predictions"]] == [expected]
