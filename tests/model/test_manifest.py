"""A manifest is checked before it is trusted."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model.artifact.files import MANIFEST
from model.artifact.manifest import FORMAT, manifest_from_bytes
from model.errors import ManifestError

DIGEST = "0" * 64

FIELDS = [
    "name",
    "version",
    "task",
    "outputs",
    "metrics",
    "scored_on",
    "libraries",
    "modules",
    "parity",
    "labels_are_likeliest",
    "files",
]


@pytest.fixture
def content(packaged_classifier: Path) -> bytes:
    return (packaged_classifier / MANIFEST).read_bytes()


@pytest.fixture
def document(content: bytes) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(content)
    return parsed


def refusal_of(content: bytes) -> str:
    with pytest.raises(ManifestError) as refused:
        manifest_from_bytes(content)
    return str(refused.value)


def test_survives_a_round_trip_through_bytes(content):
    assert manifest_from_bytes(content).to_bytes() == content


def test_records_that_nothing_was_scored(packaged_regressor):
    content = (packaged_regressor / MANIFEST).read_bytes()

    assert json.loads(content)["metrics"] == "nothing was scored"
    assert manifest_from_bytes(content).metrics is None
    assert manifest_from_bytes(content).scored_on is None


def test_marks_the_example(content):
    manifest = replace(manifest_from_bytes(content), version="1", example=True).with_content_digest()

    assert manifest_from_bytes(manifest.to_bytes()).example
    assert not manifest_from_bytes(content).example


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"format": 2, ', id="truncated"),
        pytest.param(b"\x80\x05", id="a pickle"),
        pytest.param(b'{"name": "\xff"}', id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="too deep"),
    ],
)
def test_refuses_invalid_json(content):
    assert refusal_of(content).startswith("is not JSON: ")


@pytest.mark.parametrize("content", [b"[]", b"null", b'"manifest"'], ids=["array", "null", "string"])
def test_refuses_other_json_than_an_object(content):
    assert refusal_of(content) == "is not a JSON object"


@pytest.mark.parametrize("written", [None, 0, FORMAT - 1, FORMAT + 1, str(FORMAT)], ids=str)
def test_refuses_an_unknown_format(document, written):
    document["format"] = written

    assert refusal_of(json.dumps(document).encode()) == f"has the format {written!r}, but this code reads {FORMAT}"


@pytest.mark.parametrize("field", FIELDS)
def test_refuses_a_missing_field(document, field):
    del document[field]

    assert refusal_of(json.dumps(document).encode()) == f"has no valid {field!r}"


def test_requires_every_field_that_it_writes(document):
    assert {"format", "signature", *FIELDS} == document.keys()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 1),
        ("version", None),
        ("task", "forecasting"),
        ("task", []),
        ("outputs", []),
        ("scored_on", 75),
        ("metrics", 0.75),
        ("metrics", {"accuracy": "0.75"}),
        ("metrics", {"accuracy": True}),
        ("libraries", ["numpy"]),
        ("libraries", {"numpy": 2}),
        ("modules", "sklearn"),
        ("modules", [1]),
        ("parity", None),
        ("parity", {}),
        ("parity", {"passed": 1, "finding": "", "rows": {}, "differing_labels": 0, "largest_difference": None}),
        ("labels_are_likeliest", 1),
        ("files", ["golden.json"]),
        ("files", {"golden.json": 1}),
        ("files", {"golden.json": DIGEST[:-1]}),
        ("files", {"golden.json": DIGEST.replace("0", "F")}),
        ("example", False),
        ("example", 1),
    ],
    ids=str,
)
def test_refuses_a_field_of_the_wrong_type(document, field, value):
    document[field] = value

    assert refusal_of(json.dumps(document).encode()) == f"has no valid {field!r}"


@pytest.mark.parametrize(
    "name", ["../golden.json", "/etc/passwd", "folder/golden.json", "folder\\golden.json", "..", "", "golden.json\n"]
)
def test_refuses_a_file_name_with_a_path(document, name):
    document["files"][name] = DIGEST

    assert refusal_of(json.dumps(document).encode()) == "has no valid 'files'"


def test_refuses_an_invalid_signature(document):
    document["signature"]["features"][0]["kind"] = "float"

    assert refusal_of(json.dumps(document).encode()) == "is invalid: the feature 'size' has no valid 'kind'"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("name", "sizes of something else", id="another name"),
        pytest.param("version", "1.3-000000000000", id="another digest"),
        pytest.param("version", "1.3", id="no digest"),
        pytest.param("metrics", {"accuracy": 1.0}, id="better scores"),
        pytest.param("metrics", {"accuracy": float("nan")}, id="NaN"),
        pytest.param("name", "\ud800", id="half a surrogate pair"),
    ],
)
def test_refuses_an_edited_manifest(document, field, value):
    document[field] = value

    refusal = refusal_of(json.dumps(document).encode())

    assert refusal.startswith("is not the file that was packaged: ")
    assert refusal.endswith(f"its content does not match its version {document['version']!r}")


def test_refuses_a_manifest_with_any_bit_of_a_byte_flipped(content):
    for index in range(len(content)):
        flipped = bytearray(content)
        flipped[index] ^= 1 << index % 8
        with suppress(ValueError):
            if json.loads(flipped) == json.loads(content):  # 1E-05 is 1e-05
                continue
        refusal_of(bytes(flipped))
