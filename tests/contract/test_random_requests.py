"""Requests that nobody thought of are answered as the contract says, and by all services alike."""

from __future__ import annotations

import os

import pytest

from ..fuzz import SHARES, fuzz

SEED = 20261121
N_REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "10000"))

FAULT_CODES = {
    *("missing", "unknown_key", "not_an_object", "not_a_number", "not_an_integer", "not_a_boolean", "not_a_string"),
    *("not_a_category", "below_minimum", "above_maximum", "out_of_range"),
}
CODES = {
    *("not_found", "method_not_allowed", "unsupported_media_type", "unsupported_content_encoding", "body_too_large"),
    *("empty_body", "not_utf8", "byte_order_mark", "not_json", "not_finite", "too_deep", "lone_surrogate"),
    *("integer_too_long", "not_an_object", "missing_instances", "instances_not_an_array", "no_instances"),
    *("too_many_instances", "invalid_instances"),
}


@pytest.mark.timeout(2400)
def test_random_requests_are_answered_as_the_contract_says(monkeypatch, record_property):
    # What these services cover the contract's do, too; those that measure it answer half as fast.
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)

    tally = fuzz(N_REQUESTS, SEED)

    record_property("tally", f"seed {SEED}\n{tally}")
    assert tally.kinds == {kind: round(N_REQUESTS * share) for kind, share in SHARES.items()}
    assert tally.kinds["valid"] >= 0.3 * N_REQUESTS
    assert tally.kinds["faulty"] >= 0.4 * N_REQUESTS
    assert tally.statuses[200] >= 0.3 * N_REQUESTS
    if N_REQUESTS >= 10_000:  # fewer may miss a rare one
        assert set(tally.faults) == FAULT_CODES
        assert set(tally.codes) == CODES
