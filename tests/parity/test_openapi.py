"""Both services document the same interface: paths, methods, words, statuses, schemas."""

from __future__ import annotations

import httpx
import pytest

from ..artifacts import FEW
from ..openapi import operations
from ..services import BACKENDS, running


@pytest.mark.parametrize("artifact", FEW, indirect=True)
def test_the_documents_are_alike(artifact):
    first, second = documents(artifact)

    assert first == second


def documents(artifact):
    for backend in BACKENDS:
        with running(backend, artifact) as service:
            yield operations(httpx.get(f"{service.url}/openapi.json").json())
