"""A loaded artifact predicts as when it was packaged; a damaged one is refused before its pickle is opened."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sklearn
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression

from model.artifact import load
from model.artifact.files import COMPILED, ESTIMATOR, EXAMPLE, GOLDEN, MANIFEST
from model.artifact.manifest import manifest_from_bytes, running_libraries, sha256
from model.errors import ArtifactError
from model.packaging import save
from model.packaging.infer_signature import infer_signature
from model.schema.outputs import Output
from model.schema.signature import Signature

from .changes import flip_bit, leave_mark_when_opened, repackage, repackage_file
from .conftest import FRAME

FILES = [MANIFEST, ESTIMATOR, GOLDEN, EXAMPLE]  # an export may be missing; then scikit-learn runs
LITTLE_ENOUGH, TOO_MUCH = 0.9e-6, 1.1e-6

# As long as the running version, so that it can replace it in a pickle.
OTHER_SKLEARN = re.sub(r"\d", "0", sklearn.__version__)


def refusal_of(folder: Path, **options: Any) -> str:
    """The message with which a service would refuse to start."""
    with pytest.raises(ArtifactError) as refused:
        load(folder, **{"runtime": "sklearn", **options})
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence


def golden_of(folder: Path) -> Any:
    return json.loads((folder / GOLDEN).read_bytes())


def repackage_golden(folder: Path, golden: object) -> None:
    repackage_file(folder, GOLDEN, json.dumps(golden).encode())


def test_predicts_the_same_after_loading(folder, classifier):
    model = load(folder)

    (prediction,) = model.predict([[2.0, "blue"]])

    asked = pd.DataFrame({"size": [2.0], "colour": ["blue"]})
    assert prediction["label"] == classifier.predict(asked)[0]
    assert [*prediction["probabilities"].values()] == pytest.approx(classifier.predict_proba(asked)[0].tolist())


def test_the_manifest_describes_the_model(folder):
    manifest = load(folder).manifest

    assert manifest.name == "sizes"
    assert manifest.signature == infer_signature(FRAME, {"size": {"unit": "cm"}})
    assert manifest.task == "classification"
    assert manifest.outputs == (Output(is_label=True, labels=("large", "medium", "small"), has_probabilities=True),)
    assert manifest.metrics == {"accuracy": 0.75}
    assert manifest.libraries == running_libraries()
    assert manifest.parity.passed
    assert manifest.labels_are_likeliest
    assert {"sklearn.pipeline", "sklearn.linear_model._logistic"} <= set(manifest.modules)
    assert manifest.files == {
        name: sha256((folder / name).read_bytes()) for name in (ESTIMATOR, GOLDEN, EXAMPLE, COMPILED)
    }


def test_its_digest_is_that_of_the_manifest(folder):
    digest = sha256((folder / MANIFEST).read_bytes())

    assert load(folder, digest=digest).digest == digest


def test_appends_the_content_digest_to_the_version(folder):
    manifest = load(folder).manifest

    assert manifest.version == "1.2-" + sha256(replace(manifest, version="1.2").to_bytes())[:12]


def test_refuses_a_missing_artifact(tmp_path):
    assert refusal_of(tmp_path) == f"{tmp_path / MANIFEST} cannot be read: No such file or directory"


@pytest.mark.parametrize("name", FILES)
def test_refuses_an_artifact_with_a_missing_file(folder, name):
    (folder / name).unlink()

    assert refusal_of(folder) == f"{folder / name} cannot be read: No such file or directory"


def test_refuses_a_folder_in_place_of_a_file(folder):
    (folder / GOLDEN).unlink()
    (folder / GOLDEN).mkdir()

    assert refusal_of(folder).startswith(f"{folder / GOLDEN} cannot be read: ")


@pytest.mark.parametrize("name", FILES)
def test_refuses_a_truncated_file(folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])

    assert refusal_of(folder).startswith(f"{folder / name} is not ")


@pytest.mark.parametrize("position", [0, 0.5, -1], ids=["first", "middle", "last"])
@pytest.mark.parametrize("name", FILES)
def test_refuses_a_file_with_one_bit_flipped(folder, name, position):
    size = (folder / name).stat().st_size
    flip_bit(folder / name, int(position * size))

    assert refusal_of(folder).startswith(f"{folder / name} ")


def test_the_message_names_the_actual_and_the_expected_digest(folder):
    packaged = sha256((folder / ESTIMATOR).read_bytes())
    (folder / ESTIMATOR).write_bytes(b"another")

    assert refusal_of(folder) == (
        f"{folder / ESTIMATOR} is not the file that was packaged: its SHA-256 is {sha256(b'another')}, not {packaged}"
    )


def test_refuses_a_manifest_that_is_not_pinned(folder):
    path, pinned = folder / MANIFEST, "0" * 64

    sentence = refusal_of(folder, digest=pinned)

    assert sentence == f"{path} has the SHA-256 {sha256(path.read_bytes())}, but {pinned} is pinned"


def pin_beside(folder: Path, content: str) -> Path:
    path = folder.with_name("artifact.sha256")
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    "ending", ["  artifact/manifest.json\n", "\n", ""], ids=["sha256sum", "a line", "nothing else"]
)
def test_loads_the_artifact_that_the_sha256_file_pins(folder, ending):
    digest = sha256((folder / MANIFEST).read_bytes())
    pin_beside(folder, digest + ending)

    assert load(folder).digest == digest


def test_refuses_a_manifest_that_the_sha256_file_does_not_pin(folder):
    path, pinned = folder / MANIFEST, "0" * 64
    mark = leave_mark_when_opened(folder)
    pin_beside(folder, f"{pinned}  artifact/manifest.json\n")

    assert refusal_of(folder) == f"{path} has the SHA-256 {sha256(path.read_bytes())}, but {pinned} is pinned"
    assert not mark.exists()


@pytest.mark.parametrize(
    "content",
    ["", "latest\n", "\n" + "0" * 64, "0" * 63, "0" * 65, "é" * 64],
    ids=["empty", "a word", "on its second line", "a digit less", "a digit more", "not ASCII"],
)
def test_refuses_an_invalid_sha256_file(folder, content):
    path = pin_beside(folder, content)

    assert refusal_of(folder) == f"{path} does not begin with a SHA-256 as sha256sum writes it"


def test_refuses_an_unreadable_sha256_file(folder):
    path = folder.with_name("artifact.sha256")
    path.mkdir()

    assert refusal_of(folder).startswith(f"{path} cannot be read: ")


def test_the_digest_argument_overrides_the_sha256_file(folder):
    digest = sha256((folder / MANIFEST).read_bytes())
    pin_beside(folder, "0" * 64)

    assert load(folder, digest=digest).digest == digest


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}"], ids=["not JSON", "not an object", "without a format"])
def test_the_message_names_an_invalid_manifest(folder, content):
    (folder / MANIFEST).write_bytes(content)

    assert refusal_of(folder).startswith(f"{folder / MANIFEST} ")


@pytest.mark.parametrize(
    ("kept", "missing"),
    [([GOLDEN], ESTIMATOR), ([ESTIMATOR], GOLDEN), ([], f"{GOLDEN} or {ESTIMATOR}")],
    ids=["the estimator", "the golden rows", "either"],
)
def test_refuses_a_manifest_that_does_not_list_its_files(folder, kept, missing):
    files = manifest_from_bytes((folder / MANIFEST).read_bytes()).files
    repackage(folder, files={name: files[name] for name in kept})

    assert refusal_of(folder) == f"{folder / MANIFEST} does not list {missing}"


def trained_with(library: str, version: str) -> dict[str, str]:
    return {**running_libraries(), library: version}


def pickle_with_another_sklearn(folder: Path) -> None:
    """Make each estimator in the pickle claim the version OTHER_SKLEARN."""
    pickled = (folder / ESTIMATOR).read_bytes()
    other = pickled.replace(sklearn.__version__.encode(), OTHER_SKLEARN.encode())
    assert other != pickled
    repackage_file(folder, ESTIMATOR, other)


def test_refuses_an_estimator_trained_with_another_scikit_learn(folder):
    repackage(folder, libraries=trained_with("scikit-learn", OTHER_SKLEARN))

    assert refusal_of(folder) == (
        f"{folder / MANIFEST}: trained with scikit-learn {OTHER_SKLEARN}, running {sklearn.__version__}; "
        "train it again, or allow the difference with SERVE_ALLOW_OTHER_SKLEARN=true"
    )


def test_refuses_a_pickle_whose_scikit_learn_differs_from_the_manifest(folder):
    pickle_with_another_sklearn(folder)

    sentence = refusal_of(folder)

    assert sentence.startswith(f"{folder / ESTIMATOR} cannot be unpickled: InconsistentVersionWarning: ")
    assert OTHER_SKLEARN in sentence


def test_refuses_a_manifest_without_the_version_of_scikit_learn(folder):
    libraries = running_libraries()
    del libraries["scikit-learn"]
    repackage(folder, libraries=libraries)

    assert "trained with scikit-learn None" in refusal_of(folder)


def test_loads_an_estimator_trained_with_another_scikit_learn_if_allowed(folder, caplog):
    pickle_with_another_sklearn(folder)
    repackage(folder, libraries=trained_with("scikit-learn", OTHER_SKLEARN))

    load(folder, allow_other_sklearn=True)

    assert caplog.messages == [f"sizes was trained with scikit-learn {OTHER_SKLEARN}, running {sklearn.__version__}"]


@pytest.mark.parametrize("library", sorted(running_libraries().keys() - {"scikit-learn"}))
def test_only_logs_a_different_version_of_another_library(folder, caplog, library):
    repackage(folder, libraries=trained_with(library, "0.0.0"))

    load(folder)

    running = running_libraries()[library]
    assert caplog.record_tuples == [
        ("model.artifact.load", logging.WARNING, f"sizes was trained with {library} 0.0.0, running {running}")
    ]


def test_logs_nothing_if_all_versions_match(folder, caplog):
    load(folder)

    assert caplog.messages == []


def test_opens_the_pickle_after_all_checks_have_passed(folder):
    mark = leave_mark_when_opened(folder)

    refusal_of(folder)

    assert mark.exists()


def name_another_pickle(folder: Path) -> None:
    files = manifest_from_bytes((folder / MANIFEST).read_bytes()).files
    repackage(folder, files={**files, ESTIMATOR: sha256(b"another")})


def nothing(_folder: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("damage", "options"),
    [
        pytest.param(name_another_pickle, {}, id="digest of the pickle"),
        pytest.param(lambda folder: flip_bit(folder / ESTIMATOR, -1), {}, id="bit of the pickle"),
        pytest.param(lambda folder: flip_bit(folder / GOLDEN, -1), {}, id="bit of the golden rows"),
        pytest.param(lambda folder: flip_bit(folder / MANIFEST, -1), {}, id="bit of the manifest"),
        pytest.param(lambda folder: (folder / GOLDEN).unlink(), {}, id="golden rows missing"),
        pytest.param(nothing, {"digest": "0" * 64}, id="pinned digest"),
        pytest.param(
            lambda folder: repackage(folder, libraries=trained_with("scikit-learn", OTHER_SKLEARN)),
            {},
            id="version of scikit-learn",
        ),
    ],
)
def test_never_opens_the_pickle_of_a_damaged_artifact(folder, damage, options):
    mark = leave_mark_when_opened(folder)
    damage(folder)

    refusal_of(folder, **options)

    assert not mark.exists()


@pytest.mark.parametrize(
    ("pickled", "reason"),
    [
        (b"cnot_installed\nEstimator\n.", "ModuleNotFoundError: No module named 'not_installed'"),
        (b"cmodel.schema.signature\nNotThere\n.", "AttributeError: "),
        (b"", "EOFError"),
        (b"not a pickle", ""),
    ],
    ids=["a module that is not there", "a name that is not there", "an empty file", "something else"],
)
def test_refuses_a_pickle_that_cannot_be_opened(folder, pickled, reason):
    repackage_file(folder, ESTIMATOR, pickled)

    assert refusal_of(folder).startswith(f"{folder / ESTIMATOR} cannot be unpickled: {reason}")


def change_label(golden: Any) -> None:
    golden["predictions"][2]["label"] = "small"


def change_probability(golden: Any) -> None:
    golden["predictions"][2]["probabilities"]["small"] += TOO_MUCH


def rename_probability(golden: Any) -> None:
    probabilities = golden["predictions"][2]["probabilities"]
    probabilities["tiny"] = probabilities.pop("small")


def drop_probabilities(golden: Any) -> None:
    del golden["predictions"][2]["probabilities"]


def expect_values(golden: Any) -> None:
    golden["predictions"][2] = {"value": 1.0}


@pytest.mark.parametrize(
    "change", [change_label, change_probability, rename_probability, drop_probabilities, expect_values]
)
def test_refuses_changed_golden_predictions(folder, change):
    golden = golden_of(folder)
    change(golden)
    repackage_golden(folder, golden)

    expected = f"{folder / GOLDEN}: the prediction for golden row 2 has changed since packaging"
    assert refusal_of(folder) == expected


def test_tolerates_rounding_differences_of_probabilities(folder):
    golden = golden_of(folder)
    golden["predictions"][2]["probabilities"]["small"] += LITTLE_ENOUGH
    repackage_golden(folder, golden)

    load(folder)


def test_tolerates_values_that_differ_by_little_of_their_spread(regressor_folder):
    golden = golden_of(regressor_folder)
    golden["predictions"][3]["value"] += 1000 * LITTLE_ENOUGH
    repackage_golden(regressor_folder, golden)

    load(regressor_folder)


def test_refuses_values_that_differ_by_more_than_a_millionth_of_their_spread(regressor_folder):
    golden = golden_of(regressor_folder)
    golden["predictions"][3]["value"] += 1000 * TOO_MUCH
    repackage_golden(regressor_folder, golden)

    assert "prediction for golden row 3 has changed" in refusal_of(regressor_folder)


def test_tolerates_rounding_differences_of_values_without_spread(tmp_path):
    folder, frame = tmp_path / "artifact", pd.DataFrame({"x": [1.0, 2.0]})
    save(DummyRegressor().fit(frame, [5.0, 5.0]), frame, folder)
    golden = golden_of(folder)
    for prediction in golden["predictions"]:
        prediction["value"] += LITTLE_ENOUGH
    repackage_golden(folder, golden)

    load(folder)


@pytest.fixture
def folder_of_two(tmp_path: Path) -> Path:
    """An artifact with two outputs, whose golden values run from 0 to 10 and from 0 to 1000."""
    frame = FRAME[["size"]]
    target = pd.DataFrame(
        {"width": [0.0, 2.0, 4.0, 6.0, 8.0, 10.0], "weight": [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]}
    )
    save(LinearRegression().fit(frame, target), frame, tmp_path / "two", target)
    return tmp_path / "two"


@pytest.mark.parametrize(("output", "spread"), [("width", 10), ("weight", 1000)])
def test_measures_each_output_by_its_own_spread(folder_of_two, output, spread):
    golden = golden_of(folder_of_two)
    value = golden["predictions"][3]["outputs"][output]["value"]

    golden["predictions"][3]["outputs"][output]["value"] = value + spread * LITTLE_ENOUGH
    repackage_golden(folder_of_two, golden)
    load(folder_of_two)

    golden["predictions"][3]["outputs"][output]["value"] = value + spread * TOO_MUCH
    repackage_golden(folder_of_two, golden)
    assert "prediction for golden row 3 has changed" in refusal_of(folder_of_two)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"not JSON", id="not JSON"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(b'{"rows": []}', id="no predictions"),
        pytest.param(b'{"rows": [], "predictions": [], "spreads": [null]}', id="no rows"),
        pytest.param(b'{"rows": [[1.5]], "predictions": [{}], "spreads": [null]}', id="rows that are too short"),
        pytest.param(
            b'{"rows": [["red", 1.5]], "predictions": [{}], "spreads": [null]}', id="values in the wrong places"
        ),
        pytest.param(b'{"rows": [[1.5, "red"]], "predictions": []}', id="no spreads"),
        pytest.param(b'{"rows": [[1.5, "red"]], "predictions": [], "spreads": [null]}', id="too few predictions"),
        pytest.param(b'{"rows": [[1.5, "red"]], "predictions": [1], "spreads": [null]}', id="invalid predictions"),
    ],
)
def test_refuses_golden_rows_that_cannot_be_predicted(folder, content):
    repackage_file(folder, GOLDEN, content)

    assert refusal_of(folder).startswith(f"{folder / GOLDEN}: the golden rows cannot be predicted: ")


def test_refuses_a_signature_that_the_estimator_was_not_fitted_on(regressor_folder):
    signature = load(regressor_folder).signature
    renamed = Signature(tuple(replace(feature, name="weight") for feature in signature.features))
    repackage(regressor_folder, signature=renamed)

    assert refusal_of(regressor_folder).startswith(
        f"{regressor_folder / GOLDEN}: the golden rows cannot be predicted: ValueError: The feature names should match"
    )


def test_refuses_unknown_labels(folder):
    (output,) = load(folder).manifest.outputs
    repackage(folder, outputs=(replace(output, labels=("tiny", "huge", "vast")),))

    assert "prediction for golden row 0 has changed" in refusal_of(folder)


def test_refuses_more_outputs_than_the_estimator_has(regressor_folder):
    repackage(regressor_folder, outputs=(Output(name="price"), Output(name="weight")))

    assert "BadPrediction: predictions of shape (6,), expected 2 for each of 6 rows" in refusal_of(regressor_folder)
