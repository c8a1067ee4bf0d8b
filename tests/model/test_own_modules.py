"""The artifact carries the author's own modules; other imports of the pickle are recorded with their versions."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import orjson
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

from model.artifact import load
from model.artifact.files import MANIFEST, MODULES
from model.artifact.manifest import running_libraries
from model.errors import ArtifactError, EstimatorError
from model.packaging import save
from model.packaging.own_modules import distributions_of, is_own, zip_of_own

from ..services import ROOT
from .changes import repackage

FRAME = pd.DataFrame({"size": [1.0, 2.0, 3.0]})

Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes modules by path into a folder that is importable during the test."""
    folder = tmp_path / "beside"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])  # without the finders that loading adds
    written = set()

    def write(sources: dict[str, str]) -> Path:
        for path, source in sources.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(source)
            written.add(path.partition("/")[0].removesuffix(".py"))
        return folder

    yield write

    for name in [name for name in sys.modules if name.partition(".")[0] in written]:
        del sys.modules[name]


DOUBLED = "def doubled(values):\n    return [2 * value for value in values]\n"
DOUBLES = "class Doubles:\n    def predict(self, frame):\n        return doubled(frame['size'])\n"
LAZY_DOUBLES = DOUBLES.replace("        return", "        from own_sums import doubled\n        return")
MAY_LACK = "try:\n    import not_installed_anywhere\nexcept ImportError:\n    pass\n"

OWN = [
    pytest.param("own", {"own.py": DOUBLED + DOUBLES}, [], id="a module", marks=pytest.mark.slow),
    pytest.param(
        "own",
        {"own.py": "import json\nfrom own_sums import doubled\n" + DOUBLES, "own_sums.py": DOUBLED},
        [],
        id="a module that imports another",
    ),
    pytest.param(
        "own",
        {"own.py": "from own_sums import *\n" + DOUBLES, "own_sums.py": DOUBLED},
        [],
        id="a module that imports all of another",
        marks=pytest.mark.slow,
    ),
    pytest.param(
        "own",
        {"own.py": LAZY_DOUBLES, "own_sums.py": DOUBLED},
        [],
        id="a module that imports when called",
        marks=pytest.mark.slow,
    ),
    pytest.param(
        "own",
        {"own.py": MAY_LACK + DOUBLED + DOUBLES},
        [],
        id="a module that can do without another",
        marks=pytest.mark.slow,
    ),
    pytest.param("own", {"own/__init__.py": DOUBLED + DOUBLES}, ["own/"], id="a package", marks=pytest.mark.slow),
    pytest.param(
        "own.inner.estimators",
        {
            "own/__init__.py": "",
            "own/sums.py": DOUBLED,
            "own/inner/__init__.py": "",
            "own/inner/estimators.py": "from ..sums import doubled\n" + DOUBLES,
        },
        ["own/", "own/inner/"],
        id="a package with relative imports",
    ),
    pytest.param(
        "own.estimators",
        {"own/estimators.py": "from own.sums import doubled\n" + DOUBLES, "own/sums.py": DOUBLED},
        ["own/"],
        id="a folder without __init__.py",
        marks=pytest.mark.slow,
    ),
]

LOAD_AND_PREDICT = """
import sys
from pathlib import Path
from model.artifact import load
print(load(Path(sys.argv[1])).predict([[21.0]]))
"""


def printed_by(program: str, folder: Path, **environment: str) -> str:
    """The output of a separate process."""
    command, variables = [sys.executable, "-c", program, str(folder)], {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=variables, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(("module", "sources", "folders"), OWN)
def test_packages_own_modules_and_their_own_imports(tmp_path, write, module, sources, folders):
    beside = write({**sources, "not_needed.py": "raise ImportError"})

    save(import_module(module).Doubles(), FRAME, tmp_path / "artifact")

    with zipfile.ZipFile(tmp_path / "artifact" / MODULES) as archive:
        assert archive.namelist() == sorted([*sources, *folders])
        assert {path: archive.read(path).decode() for path in sources} == sources
    beside.rename(tmp_path / "elsewhere")
    assert printed_by(LOAD_AND_PREDICT, tmp_path / "artifact") == "[{'value': 42.0}]\n"


def test_loads_modules_as_packaged_even_if_the_originals_changed(tmp_path, write):
    beside = write({"own.py": DOUBLED + DOUBLES})
    save(import_module("own").Doubles(), FRAME, tmp_path / "artifact")

    (beside / "own.py").write_text("raise ImportError")

    assert printed_by(LOAD_AND_PREDICT, tmp_path / "artifact", PYTHONPATH=str(beside)) == "[{'value': 42.0}]\n"


def test_the_digest_does_not_depend_on_file_dates(tmp_path, write):
    beside = write({"own.py": DOUBLED + DOUBLES})
    save(import_module("own").Doubles(), FRAME, tmp_path / "first", name="own")

    (beside / "own.py").touch()
    save(import_module("own").Doubles(), FRAME, tmp_path / "second", name="own")

    assert load(tmp_path / "first").digest == load(tmp_path / "second").digest


def test_writes_no_archive_without_own_modules(folder):
    assert not (folder / MODULES).exists()
    assert zip_of_own(load(folder).manifest.modules) is None


def test_refuses_own_modules_without_source(tmp_path, write):
    beside = write({"own.py": DOUBLED + DOUBLES})
    py_compile.compile(str(beside / "own.py"), cfile=str(beside / "own.pyc"))
    (beside / "own.py").unlink()

    with pytest.raises(EstimatorError) as refused:
        save(import_module("own").Doubles(), FRAME, tmp_path / "artifact")

    assert str(refused.value) == "your own modules must be Python source; these are not: own.pyc"
    assert not (tmp_path / "artifact").exists()


def test_recognizes_own_modules(write):
    write({"own.py": "import sys"})
    import_module("own")

    modules = [
        "own",
        "not_imported_anywhere",
        "builtins",
        "json",
        "numpy",
        "sklearn.pipeline",
        "model.schema.signature",
    ]
    assert [module for module in modules if is_own(module)] == ["own"]


def test_names_the_distributions_of_modules_and_of_own_imports(write):
    write(
        {
            "own.py": "import sys, pandas.api.types\nfrom own_sums import nothing",
            "own_sums.py": "nothing = 0\nimport joblib",
        }
    )
    import_module("own")

    modules = ["sklearn.pipeline", "sklearn.svm", "orjson", "builtins", "json", "own"]
    assert distributions_of(modules) == ["joblib", "orjson", "pandas", "scikit-learn"]


SAVE_FROM_MAIN = """
from pathlib import Path
import pandas as pd
from model.errors import EstimatorError
from model.packaging import save

class Doubles:
    def predict(self, frame):
        return 2 * frame["size"]

try:
    save(Doubles(), pd.DataFrame({"size": [1.0, 2.0]}), Path("artifact").absolute())
except EstimatorError as error:
    print(error)
"""


def test_refuses_a_class_defined_in_a_script(tmp_path):
    (tmp_path / "script.py").write_text(SAVE_FROM_MAIN)

    command, importing = [sys.executable, "script.py"], {**os.environ, "PYTHONPATH": str(ROOT)}
    printed = subprocess.run(command, cwd=tmp_path, env=importing, check=True, capture_output=True, text=True).stdout

    assert printed == (
        "'Doubles' was defined in __main__, a script or a notebook, where nothing else can import it: "
        "move it into a module beside model/, import it from there, and fit again\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]


def test_records_the_version_of_a_library_that_the_pickle_needs(tmp_path):
    estimator = DummyRegressor().fit(FRAME, FRAME["size"])
    estimator.error = orjson.JSONDecodeError

    manifest = save(estimator, FRAME, tmp_path / "artifact")

    assert manifest.libraries == {**running_libraries(), "orjson": orjson.__version__}


def test_refuses_an_artifact_that_needs_a_missing_library(folder):
    repackage(folder, libraries={**running_libraries(), "not-installed-anywhere": "1.2"})

    with pytest.raises(ArtifactError) as refused:
        load(folder)

    assert str(refused.value) == f"{folder / MANIFEST}: it needs not-installed-anywhere 1.2, which is not installed"
