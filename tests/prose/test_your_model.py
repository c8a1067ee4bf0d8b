"""docs/your-model.md is true: its blocks run in a copy of the repository, whose services answer its curl line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from dataclasses import fields

import pytest

from model.artifact.manifest import manifest_from_bytes
from model.packaging.summary import URL
from model.schema.signature import Feature

from ..house.copies import copy_of_repository, environment, making
from ..services import BACKENDS, ROOT

PAGE = (ROOT / "docs/your-model.md").read_text()

# A pipeline that begins with the page's own module, as in a notebook beside `model/`.
OWN_PIPELINE = """
import joblib
import pandas as pd
from ratios import Ratio
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

flowers = pd.read_csv("flowers.csv")
features = flowers[["petal length (cm)", "sepal width (cm)"]]
estimator = make_pipeline(Ratio("petal length (cm)", "sepal width (cm)"), LogisticRegression(max_iter=1000))
joblib.dump(estimator.fit(features, flowers["species"]), "ratios.joblib")
"""


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def block(language, word):
    """The only block of the page with this word."""
    [found] = [text for text in blocks(language) if word in text]
    return found


@pytest.fixture
def copy(tmp_path):
    """A copy in which the author of the page has fitted an estimator, beside `model/`."""
    copy = copy_of_repository(tmp_path)
    python(copy, block("python", "joblib.dump"))
    return copy


def python(copy, program):
    return sh(copy, ".venv/bin/python -", program)


def sh(copy, command, given=None):
    run = subprocess.run(
        ["bash", "-c", command], cwd=copy, env=environment(), input=given, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def manifest_of(copy):
    return manifest_from_bytes((copy / "artifact/manifest.json").read_bytes())


def answers(copy, line):
    """The answers of the copy's `make serve` to a curl line."""
    with making(copy, "serve", "PORT=0") as listening:
        ports = [next(listening) for _ in BACKENDS]
        return [json.loads(sh(copy, line.replace(URL, f"localhost:{port}/predict"))) for port in ports]


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.mark.slow
@needs_curl
def test_the_services_answer_the_curl_line_of_the_page(copy):
    printed = sh(copy, block("sh", "--name flowers\n"))
    [line] = re.findall(r"^curl .*$", printed, re.MULTILINE)

    first, *others = answers(copy, line)

    assert f"{line}\n" == block("sh", "curl ")
    assert first["predictions"] == json.loads(printed.splitlines()[-1])["predictions"]
    assert [first] * (len(BACKENDS) - 1) == others
    assert first["model"]["name"] == "flowers"


@pytest.mark.slow
def test_the_library_call_packages_the_same_model(copy):
    sh(copy, block("sh", "--name flowers\n"))
    by_command = manifest_of(copy)

    python(copy, block("python", "joblib.dump") + block("python", "save("))

    assert manifest_of(copy).signature == by_command.signature
    assert manifest_of(copy).metrics == by_command.metrics


@pytest.mark.slow
def test_the_corrections_are_applied(copy):
    sh(copy, block("sh", "--name flowers\n"))
    corrections = block("toml", "unit")
    (copy / "corrections.toml").write_text(corrections)

    sh(copy, block("sh", "--corrections"))

    features = {feature.name: feature for feature in manifest_of(copy).signature.features}
    for name, corrected in tomllib.loads(corrections).items():
        for field, value in corrected.items():
            assert getattr(features[name], field) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.slow
@needs_curl
def test_the_artifact_carries_the_own_module(copy):
    (copy / "ratios.py").write_text(block("python", "class Ratio"))
    python(copy, OWN_PIPELINE)
    printed = sh(copy, ".venv/bin/python -m model.packaging ratios.joblib --data flowers.csv --target species")
    (copy / "ratios.py").unlink()
    assert "Your own modules in the artifact: ratios.py\n" in printed
    [line] = re.findall(r"^curl .*$", printed, re.MULTILINE)

    served = answers(copy, line)

    assert "modules.zip" in manifest_of(copy).files
    for answer in served:
        assert answer["predictions"] == json.loads(printed.splitlines()[-1])["predictions"]


def test_lists_every_field_of_a_correction():
    section = PAGE.split("\n## What the data cannot tell\n")[1].split("\n## ")[0]
    named = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", section, re.MULTILINE)

    settable = {field.name for field in fields(Feature)} - {"name", "observed"}
    assert set(re.findall(r"`(\w+)`", " ".join(named))) == settable
