"""Package a fitted estimator: `python -m model.pack churn.joblib --data train.csv --target churned --name churn`."""

from __future__ import annotations

import json
import os
import re
import sys
from argparse import ArgumentParser, Namespace
from io import TextIOWrapper
from pathlib import Path
from zipfile import ZipFile

from rich.console import Console
from rich.progress import Progress, TaskID

from .artifact import EXAMPLE, MODULES, load
from .backends import ports
from .errors import ArtifactError, ArtifactExists, EstimatorError, EvaluationError, SignatureError, UnusableFile
from .manifest import Manifest
from .packaging import save
from .reading import read_corrections, read_data, read_estimator, split_target, strays_among_numbers, with_dtypes
from .summary import correction_example, curl_line, printable, runtime_line, score_lines, signature_table, unknown

ROOT = Path(__file__).parent.parent


def main() -> None:
    options = _options()
    assert isinstance(sys.stdout, TextIOWrapper)
    sys.stdout.reconfigure(errors="backslashreplace")  # a model may have names that a terminal has no characters for
    try:
        _pack(options)
        sys.stdout.flush()
    except ArtifactExists as reason:
        sys.exit(f"Not packaged: {reason}; {'' if options.replace else '--replace asks, '}--into names another folder.")
    except ArtifactError as reason:
        sys.exit(f"Packaged, but it cannot be served: {reason}.")
    except (EstimatorError, EvaluationError, SignatureError, UnusableFile) as reason:
        sys.exit(f"Not packaged: {reason}.")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever reads has read enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _options() -> Namespace:
    parser = ArgumentParser(prog="python -m model.pack", description="Package a fitted estimator for the services.")
    parser.add_argument("estimator", type=Path, help="written by joblib.dump or pickle.dump; opening it runs it")
    parser.add_argument(
        "--data", type=Path, required=True, help="CSV with a header: what it was fitted on, or the like"
    )
    parser.add_argument("--target", nargs="+", default=[], metavar="COLUMN", help="what is predicted, to score against")
    parser.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="neither feature nor target")
    parser.add_argument("--name", help="of the model; the file's where it is not given")
    parser.add_argument("--version", default="1", help="the author's; a digest is put behind it (%(default)s)")
    parser.add_argument("--corrections", type=Path, metavar="TOML", help="what the data cannot tell of the features")
    parser.add_argument("--into", type=Path, default=Path("artifact"), help="the artifact's folder (%(default)s)")
    parser.add_argument("--replace", action="store_true", help="the artifact that is there, in one step")
    parser.add_argument("--separator", default=",", help="of the CSV (%(default)s)")
    parser.add_argument("--encoding", default="utf-8", help="of the CSV (%(default)s)")
    return parser.parse_args()


def _pack(options: Namespace) -> None:
    console = Console(markup=False, highlight=False, emoji=False)
    estimator = read_estimator(options.estimator)
    corrections = read_corrections(options.corrections) if options.corrections else {}
    dtypes = {name: fields.pop("dtype") for name, fields in corrections.items() if "dtype" in fields}
    strings = [name for name, dtype in dtypes.items() if dtype in ("str", "string")]
    data = read_data(options.data, separator=options.separator, encoding=options.encoding, strings=strings)
    features, target = split_target(options.data, data, options.target, options.drop)
    features = with_dtypes(options.data, features, dtypes)
    fitted = set(getattr(estimator, "feature_names_in_", features.columns))
    if needed := [name for name in (*options.target, *options.drop) if name in fitted]:
        raise UnusableFile(f"{needed[0]!r} is a feature of the estimator, neither its target nor to be dropped")
    unused = [name for name in features.columns if name not in fitted]

    with Bars(console) as bars:
        try:
            manifest = save(
                estimator,
                features.drop(columns=unused),
                options.into,
                target,
                name=options.name or options.estimator.stem,
                version=options.version,
                corrections=corrections,
                replace=options.replace,
                progress=bars.show,
            )
        except EstimatorError as error:
            raise EstimatorError("; ".join([str(error), *strays_among_numbers(features)])) from error
        except OSError as error:
            raise UnusableFile(f"{options.into} cannot be written: {error.strerror}") from error
    prediction = _answer_to_the_example(options.into)
    carried = _own_files(options.into / MODULES)

    with console.capture() as table:
        console.print(signature_table(manifest.signature))
    print(table.get(), end="")
    if unused:
        print(f"\nNot used by the model: {', '.join(map(printable, unused))}")
    if carried:
        print(f"\nModules of your own that it carries: {', '.join(map(printable, carried))}")
    print("\nThe data do not say:", *unknown(manifest.signature), sep="\n  ")
    print("\nTo correct this, write a file like the following, and add --replace --corrections and its name:\n")
    print(correction_example(manifest.signature))
    print("", *score_lines(manifest), "", runtime_line(manifest), *_not_in_the_images(manifest), sep="\n")
    print(f"\n{options.into}: {printable(manifest.name)} {printable(manifest.version)}")
    print("It was loaded again. `make serve` or `docker compose up` serves it; then this command\n")
    print(curl_line(manifest.signature, options.into, _urls()))
    print(f"\nis answered, as the artifact was just now, with\n\n{prediction}")


class Bars:
    """A progress bar for each step, on a terminal, while it lasts."""

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
    """What the pickle needs and a lock of the images lacks, with the command that adds it."""
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
        "The images do not hold what the pickle needs; add it by",
        "",
        f"make add PACKAGES='{' '.join(lacking)}'",
    ]


def _locked(lock: str) -> dict[str, str]:
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", lock, re.MULTILINE)
    return {_normal(name): version for name, version in pinned}


def _holds(locked: dict[str, str], name: str, version: str) -> bool:
    """Another version of scikit-learn is refused where it is served, that of another library is not."""
    found = locked.get(_normal(name))
    return found == version if name == "scikit-learn" else found is not None


def _normal(distribution: str) -> str:
    """As PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _answer_to_the_example(folder: Path) -> str:
    """What the artifact, loaded as a service loads it, predicts for the request that it holds itself."""
    model = load(folder)
    instances = json.loads((folder / EXAMPLE).read_bytes())["instances"]
    rows = [[instance[name] for name in model.signature.names] for instance in instances]
    return json.dumps({"predictions": model.predict(rows)}, ensure_ascii=False)


def _urls() -> list[str]:
    return [f"localhost:{port}/predict" for port in ports().values()]


if __name__ == "__main__":
    main()
