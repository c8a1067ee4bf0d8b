"""A model that kills its process: gunicorn forks another."""

from __future__ import annotations

import httpx
import pytest

from ..operation.asking import asking, values

pytestmark = pytest.mark.parametrize("backend", ["flask"], indirect=True)


def test_a_lone_worker_is_replaced(serve, puppet):
    with asking(serve(puppet)) as ask:
        with pytest.raises(httpx.RemoteProtocolError):
            ask.predict("die")

        assert values(ask.predict("answer")) == [0.0]
