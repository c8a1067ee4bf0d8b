"""A lone worker is the process itself: if it dies, the exit code names the signal, and an engine restarts it."""

from __future__ import annotations

import signal

import httpx
import pytest

from ..operation.asking import asking
from ..operation.test_dying import assert_shows_the_stack

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("backend", ["fastapi"], indirect=True)]


@pytest.mark.parametrize(("command", "signum"), [("die", signal.SIGKILL), ("crash", signal.SIGSEGV)])
def test_the_exit_code_of_a_lone_worker_names_the_signal(serve, puppet, command, signum):
    service = serve(puppet)
    with asking(service) as ask, pytest.raises(httpx.RemoteProtocolError):
        ask.predict(command)

    assert service.exit_code() == -signum
    if command == "crash":
        assert_shows_the_stack(service)
