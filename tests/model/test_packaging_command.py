"""`python -m model.packaging` as an author runs it: as a process in their own folder."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import joblib
import pandas as pd
import pytest
import sklearn
from rich.text import Text
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from model.artifact import load

from ..services import PATIENCE_S, ROOT

pytestmark = pytest.mark.slow

CSV = """\
customer,months,fee,plan,churned
a1,1,9.5,basic,yes
a2,2,9.5,basic,yes
a3,5,,plus,yes
a4,30,20.0,plus,no
a5,40,25.0,basic,no
a6,60,9.5,plus,no
"""
FEATURES = ["months", "fee", "plan"]
COMMAND = ("churn.joblib", "--data", "train.csv", "--target", "churned")

# A class that only a script defines, and estimators that misbehave.
SCRIPT = """
import joblib

class Guess:
    def predict(self, X):
        return [1.0] * len(X)

joblib.dump(Guess(), "main.joblib")
"""
MODULE = """
import signal, warnings

class Interrupted:
    def predict(self, X):
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it
        signal.raise_signal(signal.SIGINT)

class Undecided:
    def predict(self, X):
        return [float("nan")] * len(X)

class Noisy:
    def predict(self, X):
        for row in range(len(X)):
            warnings.warn(f"overflow in {row}", RuntimeWarning)
        warnings.warn("old", UserWarning)
        return [1.0] * len(X)

class Forgetful:
    factor = 1.0
    def __getstate__(self):
        return {"factor": self.factor + 1}
    def predict(self, X):
        return self.factor * X["months"].to_numpy()
"""
DUMPS = "import joblib, own; joblib.dump(own.{name}(), '{name}.joblib')"


@pytest.fixture(scope="session")
def train() -> pd.DataFrame:
    months, fees = [1, 2, 5, 30, 40, 60], [9.5, 9.5, None, 20.0, 25.0, 9.5]
    return pd.DataFrame({"months": months, "fee": fees, "plan": ["basic", "basic", "plus", "plus", "basic", "plus"]})


@pytest.fixture(scope="session")
def churn(train):
    """An estimator that accepts a missing fee."""
    columns = make_column_transformer((OneHotEncoder(), ["plan"]), remainder=SimpleImputer())
    return make_pipeline(columns, LogisticRegression()).fit(train, ["yes", "yes", "yes", "no", "no", "no"])


@pytest.fixture
def folder(tmp_path, churn):
    """An author's folder with churn.joblib and train.csv."""
    joblib.dump(churn, tmp_path / "churn.joblib")
    (tmp_path / "train.csv").write_text(CSV)
    return tmp_path


@pytest.fixture(scope="session")
def printed(tmp_path_factory, churn):
    """The output of a successful packaging."""
    folder = tmp_path_factory.mktemp("churn")
    joblib.dump(churn, folder / "churn.joblib")
    (folder / "train.csv").write_text(CSV)
    return printed_by(folder, *COMMAND)


def pack(folder, *options, **variables):
    return subprocess.run(
        [sys.executable, "-m", "model.packaging", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
    )


def printed_by(folder, *options, **variables):
    run = pack(folder, *options, **variables)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def cells(printed):
    """The printed table, a list of cells for each row."""
    lines = printed.split("\n\n")[0].splitlines()
    starts = [each.start() for each in re.finditer(r"(?<=  )\S|^\S", lines[0])]
    return [[line[slice(*ends)].strip() for ends in zip(starts, [*starts[1:], None], strict=True)] for line in lines]


def content_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_prints_the_signature_as_a_table(printed):
    assert cells(printed) == [
        ["feature", "kind", "null", "allowed", "in the data", "unit", "example"],
        ["months", "integer", "no", "any", "1 to 60", "", "1"],
        ["fee", "number", "yes", "any", "9.5 to 25", "", "9.5"],
        ["plan", "category", "no", "basic, plus", "", "", '"basic"'],
    ]


def test_lists_what_the_data_cannot_tell(printed):
    assert (
        "\nThe data do not say:\n"
        "  units of months, fee\n"
        "  bounds of months, fee: every number is valid\n"
        "  whether months, plan may be missing: null is refused, because the data contain none\n"
        "  categories of plan that the data do not contain: they are refused\n\n"
    ) in printed


def test_accepts_the_correction_that_it_prints(folder, printed):
    example = printed.split("and its name:\n\n")[1].split("\n\n")[0]
    (folder / "corrections.toml").write_text(example)

    corrected = printed_by(folder, *COMMAND, "--corrections", "corrections.toml")

    assert tomllib.loads(example) == {"months": {"unit": "...", "minimum": 1, "maximum": 60}}
    assert cells(corrected)[1] == ["months", "integer", "no", "from 1 to 60", "1 to 60", "...", "1"]


def test_does_not_list_corrected_fields(folder):
    (folder / "corrections.toml").write_text(
        '[months]\nunit = "months"\nminimum = 0\nmaximum = 1200\n[fee]\nunit = "EUR"\nminimum = 0\nmaximum = 1000\n'
    )

    corrected = printed_by(folder, *COMMAND, "--corrections", "corrections.toml")

    assert cells(corrected)[1:3] == [
        ["months", "integer", "no", "from 0 to 1200", "1 to 60", "months", "1"],
        ["fee", "number", "yes", "from 0 to 1000", "9.5 to 25", "EUR", "9.5"],
    ]
    assert (
        "\nThe data do not say:\n"
        "  whether months, plan may be missing: null is refused, because the data contain none\n"
        "  categories of plan that the data do not contain: they are refused\n\n"
    ) in corrected


def test_corrections_set_dtypes_that_a_csv_cannot_show(folder):
    frame = pd.DataFrame({"code": ["01234", "00001", "01234"], "rooms": pd.array([1, None, 3], dtype="Int64")})
    columns = make_column_transformer((OneHotEncoder(), ["code"]), remainder=SimpleImputer())
    joblib.dump(make_pipeline(columns, LinearRegression()).fit(frame, [1.0, 2.0, 3.0]), folder / "rent.joblib")
    frame.to_csv(folder / "rent.csv", index=False)
    (folder / "corrections.toml").write_text('[code]\ndtype = "str"\n[rooms]\ndtype = "Int64"\n')

    printed = printed_by(folder, "rent.joblib", "--data", "rent.csv", "--corrections", "corrections.toml")

    assert cells(printed)[1:] == [
        ["code", "category", "no", "00001, 01234", "", "", '"01234"'],
        ["rooms", "integer", "yes", "any", "1 to 3", "", "1"],
    ]


def test_names_unused_columns(folder, printed):
    indexed = "\n".join(f",{line}" if not n else f"{n},{line}" for n, line in enumerate(CSV.splitlines()))
    (folder / "train.csv").write_text(indexed)

    assert "\nNot used by the model: customer\n" in printed
    assert "\nNot used by the model: Unnamed: 0, customer\n" in printed_by(folder, *COMMAND)


def test_drops_columns_on_request(folder, train):
    numbers = LinearRegression().fit(train[["months"]].to_numpy(), train["months"])
    joblib.dump(numbers, folder / "numbers.joblib")

    printed = printed_by(
        folder, "numbers.joblib", "--data", "train.csv", "--drop", "customer", "fee", "plan", "churned"
    )

    assert [row[0] for row in cells(printed)[1:]] == ["months"]


def test_prints_scores_and_their_rows(printed):
    assert (
        "\nScores on the rows given to packaging, which may be training rows:\n"
        "  accuracy                        1.0000\n"
        "  balanced_accuracy               1.0000\n"
        "  log_loss                        "
    ) in printed


def test_says_that_nothing_was_scored(folder):
    printed = printed_by(folder, "churn.joblib", "--data", "train.csv", "--drop", "churned")

    assert "\nNo scores: there is no target.\n" in printed
    assert load(folder / "artifact").manifest.metrics is None


def test_scores_only_rows_with_a_target(folder):
    (folder / "train.csv").write_text(CSV.replace("a1,1,9.5,basic,yes", "a1,1,9.5,basic,"))

    assert "  accuracy                        1.0000\n" in printed_by(folder, *COMMAND)


def test_names_the_model_after_the_file_or_the_option(folder, printed):
    named = printed_by(
        folder, *COMMAND, "--name", "Kündigung \x1b[31m'$(x)'", "--version", "2", "--into", "other/place"
    )

    assert re.search(r"^artifact: churn 1-[0-9a-f]{12}$", printed, re.MULTILINE)
    assert re.search(r"^other/place: \"Kündigung \\u001b\[31m'\$\(x\)'\" 2-[0-9a-f]{12}$", named, re.MULTILINE)
    assert " Run `make serve` or `docker compose up`; then" in printed
    assert " Run `make serve ARTIFACT=other/place`; then" in named
    assert load(folder / "other/place").manifest.name == "Kündigung \x1b[31m'$(x)'"


def test_the_printed_answer_is_the_estimators_prediction(printed, churn, train):
    answer = json.loads(printed.splitlines()[-1])

    likelihood = churn.predict_proba(train[:1])[0]
    assert answer["predictions"] == [
        {"label": "yes", "probabilities": pytest.approx({"no": likelihood[0], "yes": likelihood[1]})}
    ]


def test_reads_a_request_with_control_characters_from_a_file(folder):
    frame = pd.DataFrame({"left\x7fright": [1.0, 2.0]})
    joblib.dump(LinearRegression().fit(frame, [1.0, 2.0]), folder / "delete.joblib")
    frame.to_csv(folder / "delete.csv", index=False)

    printed = printed_by(folder, "delete.joblib", "--data", "delete.csv", "--into", "an artifact")

    [line] = re.findall(r"^curl .*$", printed, re.MULTILINE)
    assert line.startswith("curl -w '\\n' --json '@an artifact/example.json' localhost:")
    assert cells(printed)[1][0] == '"left\\U0000007Fright"'
    assert tomllib.loads(printed.split("and its name:\n\n")[1].split("\n\n")[0]).keys() == {"left\x7fright"}


def test_prints_the_command_that_adds_missing_packages(folder, churn, printed):
    churn.note = Text("rich is for development alone")
    try:
        joblib.dump(churn, folder / "churn.joblib")
    finally:
        del churn.note

    lacking = printed_by(folder, *COMMAND)

    assert f"\nmake add PACKAGES='rich=={version('rich')}'\n" in lacking
    assert "make add" not in printed


def test_prints_the_command_that_adds_another_scikit_learn(folder):
    clone = folder / "clone"
    shutil.copytree(ROOT / "model", clone / "model")
    shutil.copytree(ROOT / "docker", clone / "docker")
    for lock in (clone / "docker").glob("*.lock"):
        lock.write_text(lock.read_text().replace(f"scikit-learn=={sklearn.__version__}", "scikit-learn==1.0.2"))

    printed = printed_by(folder, *COMMAND, PYTHONPATH=str(clone))

    assert f"\nmake add PACKAGES='scikit-learn=={sklearn.__version__}'\n" in printed


def test_counts_the_warnings_of_the_estimator(folder):
    own(folder, "Noisy")

    printed = printed_by(folder, "Noisy.joblib", "--data", "train.csv", PYTHONWARNINGS="always")

    warned = printed.split("\nWarnings during packaging:\n")[1].split("\n\n")[0]
    assert re.fullmatch(r"  RuntimeWarning, \d+ in all: overflow in 0\n  UserWarning, \d+ in all: old", warned)


def test_names_integers_at_whose_bounds_the_model_fails(folder, train):
    estimator = make_pipeline(OneHotEncoder(), LinearRegression()).fit(train[["months"]], train["months"])
    joblib.dump(estimator, folder / "months.joblib")
    command = ("months.joblib", "--data", "train.csv", "--no-compile")
    sentence = "  bounds of months, and the model fails on extreme integers: declare minimum and maximum\n"
    (folder / "corrections.toml").write_text("[months]\nminimum = 1\nmaximum = 2\n")

    printed = printed_by(folder, *command)
    corrected = printed_by(folder, *command, "--corrections", "corrections.toml", "--replace")

    assert sentence in printed
    assert sentence not in corrected


def test_leaves_the_model_to_scikit_learn_on_request(folder):
    printed = printed_by(folder, *COMMAND, "--no-compile")

    assert "\nIt is served by scikit-learn, not compiled: compiling was switched off.\n" in printed
    assert load(folder / "artifact").runtime == "sklearn"


def test_mentions_dates_and_an_index_among_the_features(folder, train):
    frame = train.assign(**{"since": [f"2026-12-0{day}" for day in range(1, 7)], "Unnamed: 0": range(6)})
    columns = make_column_transformer((OneHotEncoder(), ["plan", "since"]), ("passthrough", ["Unnamed: 0"]))
    estimator = make_pipeline(columns, LinearRegression()).fit(frame, frame["months"])
    joblib.dump(estimator, folder / "dates.joblib")
    frame.to_csv(folder / "dates.csv", index=False)

    printed = printed_by(folder, "dates.joblib", "--data", "dates.csv")

    assert (
        "  the order of the dates of since, which the model takes as strings: convert them to numbers before fitting, "
        "for example to days since 2000\n"
        "  the meaning of 'Unnamed: 0', an index that to_csv has written: fit again without it (index_col=0)\n"
    ) in printed


def test_breaks_long_names_between_words(folder):
    frame = pd.DataFrame({"average_revenue_per_user_in_the_last_quarter": [1.0, 2.0], "x" * 30: [1, 2]})
    joblib.dump(LinearRegression().fit(frame, [1.0, 2.0]), folder / "long.joblib")
    frame.to_csv(folder / "long.csv", index=False)

    printed = printed_by(folder, "long.joblib", "--data", "long.csv")

    names = [line.partition(" ")[0] for line in printed.split("\n\n")[0].splitlines()]
    assert names[1:] == ["average_revenue_per_", "user_in_the_last_quarter", "x" * 24, "x" * 6]


def test_does_not_overwrite_an_artifact(folder):
    printed_by(folder, *COMMAND)
    before = content_of(folder)

    run = pack(folder, *COMMAND, "--version", "2")

    assert run.returncode == 1
    assert run.stderr == (
        "Not packaged: artifact already exists; --replace replaces it, --into names another folder.\n"
    )
    assert content_of(folder) == before


def test_replaces_an_artifact_on_request(folder):
    printed_by(folder, *COMMAND)

    printed_by(folder, *COMMAND, "--version", "2", "--replace")

    assert load(folder / "artifact").manifest.version.startswith("2-")
    assert sorted(path.name for path in folder.iterdir()) == ["artifact", "churn.joblib", "train.csv"]


def test_never_replaces_a_folder_that_is_not_an_artifact(folder):
    before = content_of(folder)

    run = pack(folder, *COMMAND, "--into", ".", "--replace")

    assert run.returncode == 1
    assert run.stderr == "Not packaged: . is not an artifact, so it is not replaced; --into names another folder.\n"
    assert content_of(folder) == before


def test_shows_progress_on_a_terminal(folder):
    terminal, end = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "model.packaging", *COMMAND],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "60"},
        stdout=end,
    )
    os.close(end)
    shown = b""
    while chunk := _read(terminal):
        shown += chunk
    os.close(terminal)

    assert run.wait(PATIENCE_S) == 0
    assert re.search(rb"predicting .*100%.*\n.*comparing .*100%.*\n.*writing .*100%", shown)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux raises this when nobody writes any more
        return b""


def test_shows_no_progress_elsewhere(printed):
    assert "\x1b" not in printed
    assert "predicting" not in printed


def test_packages_even_if_the_output_pipe_closes(folder):
    run = subprocess.Popen(
        [sys.executable, "-m", "model.packaging", *COMMAND],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout
    run.stdout.close()  # as `head` does

    assert run.wait(PATIENCE_S) == 0
    assert run.stderr
    with run.stderr:
        assert run.stderr.read() == b""
    assert load(folder / "artifact").manifest.name == "churn"


def test_writes_nothing_when_it_is_interrupted(folder):
    own(folder, "Interrupted")
    before = content_of(folder)

    run = pack(folder, "Interrupted.joblib", "--data", "train.csv", PYTHONDONTWRITEBYTECODE="1")

    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")
    assert content_of(folder) == before


def own(folder: Path, name: str) -> None:
    """Write an estimator of the author's own module."""
    (folder / "own.py").write_text(MODULE)
    python(folder, DUMPS.format(name=name))


def python(folder: Path, script: str) -> None:
    variables = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", script], cwd=folder, env=variables, check=True)


def test_reports_an_artifact_that_does_not_load(folder):
    own(folder, "Forgetful")

    run = pack(folder, "Forgetful.joblib", "--data", "train.csv", "--drop", "customer", "fee", "plan", "churned")

    assert run.returncode == 1
    changed = (
        r"Packaged, but it cannot be served: [^\n]* the prediction for golden row \d+ has changed since packaging\.\n"
    )
    assert re.fullmatch(changed, run.stderr), run.stderr


REFUSALS = {
    "a script's class": (["main.joblib"], "main.joblib: 'Guess' was defined in __main__, a script or a notebook"),
    "no estimator": (["dict.joblib"], "dict has no predict: there is nothing to serve; the object under 'model' has"),
    "no predict": (["scaler.joblib"], "StandardScaler has no predict: there is nothing to serve"),
    "not fitted": (["unfitted.joblib"], "LogisticRegression is not fitted: call fit first"),
    "another scikit-learn": (["older.joblib"], "older.joblib was pickled by scikit-learn 1.0.2, but "),
    "NaN": (["Undecided.joblib"], "Undecided predicts NaN or infinity for 6 of 6 rows, first for row 0"),
    "a missing column": (["--data", "renamed.csv"], "Pipeline was fitted on other columns: the data lack 'fee'"),
    "an array's columns": (["array.joblib", "--data", "numbers.csv"], "LinearRegression was fitted on an array of 2 "),
    "mixed types": (["--data", "mixed.csv"], r"Pipeline cannot predict these data: .*; the column 'fee' contains 'unk"),
    "another separator": (["--data", "semicolons.csv"], "semicolons.csv is separated by semicolons: add --separator "),
    "no such target": (["--target", "left"], "train.csv has no column 'left'; its columns are 'customer', 'months', "),
    "a feature as target": (["--target", "fee"], "'fee' is a feature of the estimator, so it can neither be a target "),
    "unknown labels": (["--data", "maybe.csv"], "the target 'churned' contains labels that the estimator does not "),
    "no target in any row": (["--data", "blank.csv"], "the target 'churned' is missing in every row"),
    "no such feature": (["--corrections", "other.toml"], "the corrections name unknown features: charge"),
    "no such field": (["--corrections", "units.toml"], "the feature 'fee' has unknown fields: units"),
    "a wrong dtype": (["--corrections", "dtype.toml"], "train.csv: the column 'fee' is not int64: "),
    "a category in vain": (["--corrections", "plans.toml"], "the signature allows the category 'gold' for"),
    "not a folder": (["--into", "train.csv/artifact"], "train.csv/artifact cannot be written: Not a directory"),
}  # fmt: skip


@pytest.fixture(scope="session")
def trouble(tmp_path_factory, churn):
    """A folder with every kind of invalid file."""
    folder = tmp_path_factory.mktemp("trouble")
    own(folder, "Undecided")
    python(folder, SCRIPT)
    numbers = [[1.0, 2.0], [2.0, 1.0]]
    dumps = {
        "churn": churn,
        "dict": {"model": churn},
        "scaler": StandardScaler().fit(numbers),
        "unfitted": LogisticRegression(),
        "array": LinearRegression().fit(numbers, [1.0, 2.0]),
    }
    for name, dumped in dumps.items():
        joblib.dump(dumped, folder / f"{name}.joblib")
    older = (folder / "churn.joblib").read_bytes().replace(sklearn.__version__.encode(), b"1.0.2")
    (folder / "older.joblib").write_bytes(older)
    texts = {
        "train.csv": CSV,
        "maybe.csv": CSV.replace("yes", "maybe"),
        "renamed.csv": CSV.replace("fee", "charge"),
        "numbers.csv": "a,b,c,churned\n1,2,3,4\n",
        "mixed.csv": CSV.replace("25.0", "unknown"),
        "semicolons.csv": CSV.replace(",", ";"),
        "blank.csv": CSV.replace("yes", "").replace("no", ""),
        "other.toml": '[charge]\nunit = "EUR"',
        "units.toml": '[fee]\nunits = "EUR"',
        "dtype.toml": '[fee]\ndtype = "int64"',
        "plans.toml": '[plan]\ncategories = ["basic", "plus", "gold"]',
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("wrong", REFUSALS)
def test_refuses_with_one_line_and_writes_nothing(trouble, wrong):
    options, sentence = REFUSALS[wrong]
    estimator = [] if options[0].endswith((".joblib", ".csv")) else ["churn.joblib"]
    data = [] if "--data" in options else ["--data", "train.csv"]
    target = [] if "--target" in options else ["--target", "churned"]
    before = content_of(trouble)

    run = pack(trouble, *estimator, *options, *data, *target, PYTHONDONTWRITEBYTECODE="1")

    assert (run.returncode, run.stdout) == (1, "")
    assert re.fullmatch(r"Not packaged: [^\n]+[^.]\.\n", run.stderr), run.stderr
    start = sentence if ".*" in sentence else re.escape(sentence)
    assert re.match(f"Not packaged: {start}", run.stderr), run.stderr
    assert content_of(trouble) == before
