"""If a lone worker dies, gunicorn forks another one."""

from __future__ import annotations

import httpx
import pytest

from ..operation.asking import asking, values
from ..operation.test_dying import assert_shows_the_stack

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("backend", ["flask"], indirect=True)]


def test_a_lone_worker_is_replaced(serve, puppet):
    service = serve(puppet)
    with asking(service) as ask:
        with pytest.raises(httpx.RemoteProtocolError):
            ask.predict("crash")

        assert_shows_the_stack(service)
        assert values(ask.predict("answer")) == [0.0]
