"""The contract tests catch the loss of each constraint in `serve_flask/validation.py`."""

from __future__ import annotations

import pytest

from ..house.weakening import assert_the_contract_fails_without

# A line, and the line without the constraint.
CONSTRAINTS = {
    "a bound": ("if number > most:", "if False:"),
    "strictness": (
        "if isinstance(value, bool) or not isinstance(value, int | float):",
        "if not isinstance(value, int | float):",
    ),
    "unknown keys": ("if key not in known:", "if key is None:"),
    "nullability": ("if value is None and feature.nullable:", "if value is None:"),
    "a date": ("if not is_date(value):", "if not isinstance(value, str):"),
    "a category": ("isinstance(value, str) and value in categories", "isinstance(value, str)"),
}


@pytest.mark.slow
@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_the_contract_tests_fail_without(constraint, tmp_path):
    assert_the_contract_fails_without("flask", CONSTRAINTS[constraint], tmp_path)
