"""An invalid setting stops the start, and the message says what to write instead."""

from __future__ import annotations

import pytest

from serve_core.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "80a", "an integer of at least 0 and at most 65535"),
        ("PORT", "65536", "an integer of at least 0 and at most 65535"),
        ("WORKERS", "0", "an integer of at least 1 and at most 64"),
        ("DEADLINE_MS", "-1", "an integer of at least 1 and at most 3600000"),
        ("ACCESS_LOG", "yes", "true or false"),
        ("LOG_FORMAT", "xml", "one of: auto, json, console"),
        ("RUNTIME", "torch", "one of: auto, sklearn, onnx"),
        ("ARTIFACT_DIGEST", "abc", "a SHA-256 in 64 lower-case hexadecimal digits"),
        ("HOST", "", "a text that is not empty"),
        ("ROWS_IN_PLACE", "some", "auto or an integer of at least 0"),
        ("ROWS_IN_PLACE", "-1", "auto or an integer of at least 0"),
    ],
)
def test_the_message_names_the_valid_values(name, value, expected):
    with pytest.raises(SettingsError) as error:
        Settings.from_env({f"SERVE_{name}": value})

    assert str(error.value) == f"SERVE_{name} is {value!r}, but takes {expected}."


def test_the_message_names_both_contradictory_settings():
    with pytest.raises(SettingsError) as error:
        Settings.from_env({"SERVE_MAX_QUEUE_ROWS": "10"})

    assert "SERVE_MAX_QUEUE_ROWS is 10" in str(error.value)
    assert "SERVE_MAX_INSTANCES is 1000" in str(error.value)


@pytest.mark.parametrize(("value", "rows"), [("auto", "auto"), ("0", 0), ("16", 16)])
def test_rows_in_place_is_a_number_or_auto(value, rows):
    assert Settings.from_env({"SERVE_ROWS_IN_PLACE": value}).rows_in_place == rows
