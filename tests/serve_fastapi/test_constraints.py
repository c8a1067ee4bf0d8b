"""The contract tests catch the loss of each constraint in `serve_fastapi/validation.py`."""

from __future__ import annotations

import pytest

from ..house.weakening import assert_the_contract_fails_without

# A line, and the line without the constraint.
CONSTRAINTS = {
    "a bound": ("Field(ge=least, le=most)", "Field(ge=least)"),
    "strictness": ('extra="forbid", strict=True', 'extra="forbid"'),
    "unknown keys": ('extra="forbid", strict=True', "strict=True"),
    "nullability": ("if feature.nullable:", "if True:"),
    "a date": ("Field(pattern=PATTERN),", ""),
    "the calendar": ("AfterValidator(date.fromisoformat),", ""),
    "a category": ("Literal.__getitem__(feature.categories) if", "str if"),
}


@pytest.mark.slow
@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_the_contract_tests_fail_without(constraint, tmp_path):
    assert_the_contract_fails_without("fastapi", CONSTRAINTS[constraint], tmp_path)
