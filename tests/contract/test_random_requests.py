"""All services answer random requests alike and as the contract says."""

from __future__ import annotations

import pytest

from ..fuzz import EVERY_ARTIFACT, SHARES, SHOW_EVERY_FAULT, fuzz

SEED = 20261121

FAULT_CODES = {
    *("missing", "unknown_key", "not_an_object", "not_a_number", "not_an_integer", "not_a_boolean", "not_a_string"),
    *("not_a_date", "not_a_category", "below_minimum", "above_maximum", "out_of_range"),
}
CODES = {
    *("not_found", "method_not_allowed", "unsupported_media_type", "unsupported_content_encoding", "body_too_large"),
    *("empty_body", "not_utf8", "byte_order_mark", "not_json", "not_finite", "too_deep", "lone_surrogate"),
    *("integer_too_long", "not_an_object", "missing_instances", "instances_not_an_array", "no_instances"),
    *("too_many_instances", "invalid_instances"),
}


@pytest.mark.parametrize(
    ("n_requests", "names"),
    [
        pytest.param(300, SHOW_EVERY_FAULT, id="of few models"),
        pytest.param(10_000, EVERY_ARTIFACT, id="of every model", marks=[pytest.mark.slow, pytest.mark.timeout(2400)]),
    ],
)
def test_random_requests_are_answered_as_the_contract_says(n_requests, names, monkeypatch, record_property):
    # Other contract tests cover the same lines; recording coverage would make these services half as fast.
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)

    tally = fuzz(n_requests, SEED, names)

    record_property("tally", f"seed {SEED}\n{tally}")
    assert tally.kinds == {kind: round(n_requests * share) for kind, share in SHARES.items()}
    assert tally.statuses[200] >= 0.3 * n_requests
    if n_requests >= 10_000:  # fewer requests may miss a rare one
        assert set(tally.faults) == FAULT_CODES
        assert set(tally.codes) == CODES
