"""Package a fitted estimator: `python -m model.packaging churn.joblib --data train.csv --target churned`."""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from zipfile import ZipFile

from rich.console import Console
from rich.progress import Progress, TaskID

from ..artifact import Model, load
from ..artifact.files import MODULES
from ..artifact.manifest import Manifest
from ..choice import is_of_the_project
from ..errors import ArtifactError, ArtifactExists, EstimatorError, EvaluationError, SignatureError, UnusableFile
from ..schema.signature import UNBOUNDED, Feature
from .fitted import fitted_names, wanted_categories
from .read_files import likely_causes, read_corrections, read_data, read_estimator, split_target, with_dtypes
from .save import save
from .summary import (
    correction_example,
    curl_line,
    printable,
    runtime_line,
    score_lines,
    serve_command,
    signature_table,
    unknown,
    warning_lines,
)

ROOT = Path(__file__).parent.parent.parent


def main() -> None:
    options = _options()
    assert isinstance(sys.stdout, TextIOWrapper)
    sys.stdout.reconfigure(errors="backslashreplace")  # the terminal may lack characters of the model's names
    try:
        with warnings.catch_warnings(record=True) as caught:
            _pack(options, caught)
        sys.stdout.flush()
    except ArtifactExists as reason:
        or_replace = "" if options.replace else "--replace replaces it, "
        sys.exit(f"Not packaged: {reason}; {or_replace}--into names another folder.")
    except ArtifactError as reason:
        sys.exit(f"Packaged, but it cannot be served: {reason}.")
    except (EstimatorError, EvaluationError, SignatureError, UnusableFile) as reason:
        sys.exit(f"Not packaged: {reason}.")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader has closed the pipe, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _options() -> Namespace:
    parser = ArgumentParser(
        prog="python -m model.packaging", description="Package a fitted estimator for the services."
    )
    parser.add_argument("estimator", type=Path, help="a file from joblib.dump or pickle.dump; opening it runs code")
    parser.add_argument(
        "--data", type=Path, required=True, help="a CSV with a header or a Parquet file: the training data, or similar"
    )
    parser.add_argument("--target", nargs="+", default=[], metavar="COLUMN", help="the predicted columns, for scores")
    parser.add_argument(
        "--drop", nargs="+", default=[], metavar="COLUMN", help="columns that are neither feature nor target"
    )
    parser.add_argument("--name", help="the name of the model; by default that of the file")
    parser.add_argument("--version", default="1", help="your version; a digest is appended (%(default)s)")
    parser.add_argument(
        "--corrections", type=Path, metavar="TOML", help="facts about features that the data cannot tell"
    )
    parser.add_argument("--into", type=Path, default=Path("artifact"), help="the folder of the artifact (%(default)s)")
    parser.add_argument("--replace", action="store_true", help="replace an existing artifact, in one step")
    parser.add_argument("--no-compile", action="store_true", help="leave the model to scikit-learn")
    parser.add_argument("--separator", default=",", help="the separator of the CSV (%(default)s)")
    parser.add_argument("--decimal", default=".", help="the decimal point of the CSV (%(default)s)")
    parser.add_argument("--encoding", default="utf-8", help="the encoding of the CSV (%(default)s)")
    return parser.parse_args()


def _pack(options: Namespace, caught: Sequence[warnings.WarningMessage]) -> None:
    console = Console(markup=False, highlight=False, emoji=False)
    estimator = read_estimator(options.estimator)
    corrections = read_corrections(options.corrections) if options.corrections else {}
    dtypes = {name: fields.pop("dtype") for name, fields in corrections.items() if "dtype" in fields}
    strings = [name for name, dtype in dtypes.items() if dtype in ("str", "string")]
    data = read_data(
        options.data,
        separator=options.separator,
        decimal=options.decimal,
        encoding=options.encoding,
        strings=strings,
    )
    features, target = split_target(options.data, data, options.target, options.drop)
    features = with_dtypes(options.data, features, dtypes)
    fitted = set(fitted_names(estimator, list(features.columns)) or features.columns)
    if needed := [name for name in (*options.target, *options.drop) if name in fitted]:
        raise UnusableFile(f"{needed[0]!r} is a feature of the estimator, so it can neither be a target nor be dropped")
    unused = [name for name in features.columns if name not in fitted]
    features = features.drop(columns=unused)

    with Bars(console) as bars:
        try:
            manifest = save(
                estimator,
                features,
                options.into,
                target,
                name=options.name or options.estimator.stem,
                version=options.version,
                corrections=corrections,
                replace=options.replace,
                compile=not options.no_compile,
                progress=bars.show,
            )
        except EstimatorError as error:
            causes = wanted_categories(estimator, features) or likely_causes(features)
            raise EstimatorError("; ".join([str(error).rstrip("."), *causes])) from error
        except OSError as error:
            raise UnusableFile(f"{options.into} cannot be written: {error.strerror}") from error
    model = load(options.into)
    prediction = _answer_to_the_example(model)
    failing = list(_failing_at_their_ends(model))
    carried = _own_files(options.into / MODULES)

    with console.capture() as table:
        console.print(signature_table(manifest.signature))
    print(table.get(), end="")
    if unused:
        print(f"\nNot used by the model: {', '.join(map(printable, unused))}")
    if carried:
        print(f"\nYour own modules in the artifact: {', '.join(map(printable, carried))}")
    print("\nThe data do not say:", *unknown(manifest.signature, failing), sep="\n  ")
    print("\nTo correct this, write a file like the following and add --replace --corrections and its name:\n")
    print(correction_example([*failing, *manifest.signature.features]))
    print("", *score_lines(manifest), "", runtime_line(manifest), *warning_lines(caught), sep="\n")
    if lacking := _not_in_the_images(manifest):
        print(*lacking, sep="\n")
    print(f"\n{options.into}: {printable(manifest.name)} {printable(manifest.version)}")
    if is_of_the_project(options.into):
        print("Commit it, and every clone serves this model: git add artifact model/artifact.toml")
    print(f"The artifact has been loaded again. Run {serve_command(options.into)}; then this command\n")
    print(curl_line(manifest.signature, options.into))
    print(f"\ngets the answer that the artifact has just given:\n\n{prediction}")


class Bars:
    """A progress bar for each step, on a terminal only."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, step: str, done: int, total: int) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step, total=total)
        self._progress.update(self._tasks[step], completed=done)


def _own_files(archive: Path) -> list[str]:
    if not archive.exists():
        return []
    with ZipFile(archive) as opened:
        return [name for name in opened.namelist() if not name.endswith("/")]


def _not_in_the_images(manifest: Manifest) -> list[str]:
    """The packages that the pickle needs and the images lack, with the command that adds them."""
    locked = [_locked(lock.read_text()) for lock in (ROOT / "docker").glob("*.lock")]
    lacking = [
        f"{name}=={version}"
        for name, version in manifest.libraries.items()
        if name != "python" and not all(_holds(versions, name, version) for versions in locked)
    ]
    if not lacking:
        return []
    return [
        "",
        "The images lack packages that the pickle needs. Add them:",
        "",
        f"make add PACKAGES='{' '.join(lacking)}'",
    ]


def _locked(lock: str) -> dict[str, str]:
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", lock, re.MULTILINE)
    return {_normal(name): version for name, version in pinned}


def _holds(locked: dict[str, str], name: str, version: str) -> bool:
    """Whether the lock has the package. Only scikit-learn must also have the same version."""
    found = locked.get(_normal(name))
    return found == version if name == "scikit-learn" else found is not None


def _normal(distribution: str) -> str:
    """The name as PEP 503 normalizes it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _answer_to_the_example(model: Model) -> str:
    """The prediction for the example request, from the artifact as a service loads it."""
    row = list(model.signature.example.values())
    return json.dumps({"predictions": model.predict([row])}, ensure_ascii=False)


def _failing_at_their_ends(model: Model) -> Iterator[Feature]:
    """The integers at whose smallest or largest valid value the model fails."""
    example = model.signature.example
    for feature in model.signature.features:
        if feature.kind == "integer":
            least, most = UNBOUNDED["integer"]
            least = least if feature.minimum is None else feature.minimum
            most = most if feature.maximum is None else feature.maximum
            rows = [list({**example, feature.name: end}.values()) for end in (least, most)]
            try:
                with warnings.catch_warnings(action="ignore"):
                    model.predict(rows)
            except Exception:  # an estimator may raise anything
                yield feature


if __name__ == "__main__":
    main()
