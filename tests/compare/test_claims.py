"""The verdicts follow from the figures by rules that were written before the measurement."""

from __future__ import annotations

import pytest

from compare.judging.claims import Claim, read_claims
from compare.judging.intervals import Interval, interval_of

CLAIMS = {claim.number: claim for claim in read_claims()}


def between(low, high):
    return Interval(low, (low + high) / 2, high)


def test_each_of_33_claims_has_a_rule_or_a_reason():
    assert sorted(CLAIMS) == list(range(1, 34))
    for claim in CLAIMS.values():
        assert claim.rules or claim.untested, claim.number
        assert set(claim.sources) <= set("ABCD")


def test_every_rule_uses_figures_of_its_claim():
    for claim in CLAIMS.values():
        assert claim.verdict({}) in ("not measured", "not testable")
        if not claim.experiment and claim.rules:
            ones = {ratio.name: between(0.99, 1.01) for ratio in claim.ratios}
            assert claim.verdict(ones) != "not measured", claim.number


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (between(2.1, 2.5), "true"),
        (between(1.8, 2.2), "depends"),  # the bound is inside
        (between(0.9, 1.1), "false"),
        (2.0, "true"),
        (1.2, "false"),
    ],
)
def test_an_interval_meets_a_bound_only_as_a_whole(figure, verdict):
    claim = Claim(
        0, "It is twice as fast.", "A", "measured", rules={"true": ("speed >= 2",), "false": ("speed < 1.5",)}
    )

    assert claim.verdict({"speed": figure}) == verdict


def test_the_same_rounds_give_the_same_interval():
    rounds = [1.1, 0.9, 1.3, 1.2, 1.0, 1.15, 1.05]

    assert interval_of(rounds) == interval_of(rounds)
    assert interval_of(rounds).median == 1.1
    assert interval_of([1.5]) == Interval(1.5, 1.5, 1.5)
