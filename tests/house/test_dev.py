"""`make dev` runs the chosen backend, and restarts it after a change."""

from __future__ import annotations

import httpx
import pytest

from ..services import PATIENCE_S
from .copies import copy_of_repository, making


@pytest.mark.slow
def test_a_code_change_restarts_the_service(backend, served_artifact, tmp_path):
    copy = copy_of_repository(tmp_path)
    words = ("dev", f"BACKEND={backend}", "PORT=0", f"ARTIFACT={served_artifact}")
    with making(copy, *words) as listening:
        assert livez(next(listening)) == {"status": "alive"}

        routes = copy / f"serve_{backend}" / "routes.py"
        routes.write_text(
            routes.read_text().replace("documents.ALIVE", "documents.READY").replace('"alive"', '"ready"')
        )

        assert livez(next(listening)) == {"status": "ready"}


def livez(port):
    return httpx.get(f"http://127.0.0.1:{port}/livez", timeout=PATIENCE_S).json()
