"""The JSON profile does not depend on how Python is configured."""

from __future__ import annotations

import sys

import pytest

from serve_core.wire.json_profile import parse
from serve_core.wire.problems import MalformedBody


@pytest.fixture(params=[0, 5000], ids=["no limit", "a higher limit"])
def other_limit(request):
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(request.param)
    yield
    sys.set_int_max_str_digits(before)


@pytest.mark.usefixtures("other_limit")
def test_refuses_long_integers_whatever_python_allows():
    assert parse(b"[" + b"1" * 4300 + b", 1e400]") == [int("1" * 4300), float("inf")]
    with pytest.raises(MalformedBody) as refused:
        parse(b"[" + b"1" * 4301 + b"]")
    assert refused.value.code == "integer_too_long"
