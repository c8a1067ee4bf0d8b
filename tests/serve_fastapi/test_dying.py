"""A model that kills its process, which nobody starts again here: a container has its engine."""

from __future__ import annotations

import signal

import httpx
import pytest

from ..operation.asking import asking

pytestmark = pytest.mark.parametrize("backend", ["fastapi"], indirect=True)


def test_the_exit_code_of_a_lone_worker_says_the_signal(serve, puppet):
    service = serve(puppet)
    with asking(service) as ask, pytest.raises(httpx.RemoteProtocolError):
        ask.predict("die")

    assert service.exit_code() == 128 + signal.SIGKILL
