"""Read the author's files: an estimator, data and corrections."""

from __future__ import annotations

import io
import re
import sys
import tomllib
import warnings
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from sklearn.exceptions import InconsistentVersionWarning

from ..errors import UnusableFile, reason
from ..schema.dates import is_date
from ..schema.dtypes import held_by
from .fitted import DATES
from .infer_signature import DATES_REMEDY, TO_DATES, Corrections, are_dates
from .own_modules import main_sentence


def read_estimator(path: Path) -> Any:
    """Unpickle a file of joblib or pickle, which runs the code in it. Raises: UnusableFile."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnusableFile(f"{path} cannot be read: {error.strerror}") from None
    if not content:
        raise UnusableFile(f"{path} is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            return joblib.load(io.BytesIO(content))
    except InconsistentVersionWarning as difference:
        fitted, running = difference.original_sklearn_version, difference.current_sklearn_version
        raise UnusableFile(
            f"{path} was pickled by scikit-learn {fitted}, but {running} is installed: fit it again with "
            f"{running}, or install the other: make add PACKAGES=scikit-learn=={fitted}"
        ) from None
    except Exception as error:  # a pickle may raise anything: it is a program
        if isinstance(error, ModuleNotFoundError) and str(error.name).replace(".", "").isidentifier():
            raise UnusableFile(
                f"{path} needs the module {error.name!r}, which cannot be imported here: put a module of your own "
                "beside model/, or add the package that it comes from: make add PACKAGES=<its name>"
            ) from None
        if name := _name_in_main(error):
            raise UnusableFile(f"{path}: {main_sentence(name)}") from None
        if content.startswith(b"PK"):
            raise UnusableFile(
                f"{path} is a zip file: if skops wrote it, open it with skops.io.load and write it with joblib.dump"
            ) from None
        if "LZ4 is not installed" in str(error):
            raise UnusableFile(
                f"{path} is compressed with lz4, which is not installed: write it again with compress=3, "
                "or run .venv/bin/pip install lz4"
            ) from None
        raise UnusableFile(f"{path} cannot be opened as a pickle: {reason(error)}") from error


def _name_in_main(error: Exception) -> str | None:
    """The name that the pickle did not find in `__main__`. Under `python -m`, the error names the module itself."""
    found = re.search(r"attribute '([^']+)'", str(error)) if isinstance(error, AttributeError) else None
    is_main = any(main in str(error) for main in ("module '__main__'", repr(sys.modules["__main__"])))
    return found[1] if found and is_main else None


def read_data(
    path: Path, *, separator: str = ",", decimal: str = ".", encoding: str = "utf-8", strings: Collection[str] = ()
) -> pd.DataFrame:
    """The table in a CSV file with a header, or in a Parquet file.

    Args:
        strings: columns of a CSV that are read as strings. Otherwise 01234 would become a number.
    Raises: UnusableFile.
    """
    data = _parquet(path) if path.suffix == ".parquet" else _csv(path, separator, decimal, encoding, strings)
    if not len(data):
        raise UnusableFile(f"{path} has no rows")
    return data


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except ImportError:
        raise UnusableFile(
            f"{path} needs pyarrow, which is not installed: run .venv/bin/pip install pyarrow, or write a CSV"
        ) from None
    except OSError as error:
        raise UnusableFile(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # a file may hold anything
        raise UnusableFile(f"{path} is not a Parquet file: {reason(error)}") from None


def _csv(path: Path, separator: str, decimal: str, encoding: str, strings: Collection[str]) -> pd.DataFrame:
    separator = {"\\t": "\t"}.get(separator, separator)  # a shell passes the two characters
    if len(separator) != 1 or not separator.isascii():
        raise UnusableFile(f"a separator must be one ASCII character, not {separator!r}")
    try:
        header = pd.read_csv(path, sep=separator, encoding=encoding, header=None, nrows=1, dtype=str)
        if len(header.columns) == 1 and separator == "," and ";" in str(header.iloc[0, 0]):
            raise UnusableFile(f"{path} is separated by semicolons: add --separator ';', and --decimal ',' for 1,5")
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            data = pd.read_csv(
                path,
                sep=separator,
                encoding=encoding,
                decimal=decimal,
                dtype=dict.fromkeys(strings, "str"),
                index_col=False,  # or pandas makes the first column an index if rows have more fields than the header
                low_memory=False,  # read in chunks, a column of mixed values could get a type for each chunk
            )
    except UnicodeDecodeError:
        raise UnusableFile(f"{path} is not {encoding}: name its encoding, for example --encoding latin-1") from None
    except LookupError:
        raise UnusableFile(f"there is no encoding {encoding!r}") from None
    except pd.errors.EmptyDataError:
        raise UnusableFile(f"{path} is empty") from None
    except pd.errors.ParserWarning:
        raise UnusableFile(f"{path} has rows with more fields than its header") from None
    except OSError as error:
        raise UnusableFile(f"{path} cannot be read: {error.strerror or error}") from None
    except UnusableFile:
        raise
    except Exception as error:  # a file may hold anything
        raise UnusableFile(f"{path} is not a CSV table: {' '.join(str(error).split()).rstrip('.')}") from None
    if repeated := [name for name, count in Counter(header.iloc[0].dropna()).items() if count > 1]:
        raise UnusableFile(f"{path} has more than one column {repeated[0]!r}")
    return data


def split_target(
    path: Path, data: pd.DataFrame, target: Sequence[str], dropped: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The features, and the target or None. Raises: UnusableFile."""
    if absent := [name for name in (*target, *dropped) if name not in data]:
        columns = ", ".join(map(repr, data.columns[:20]))
        hint = "; name the separator with --separator" if len(data.columns) == 1 else ""
        raise UnusableFile(f"{path} has no column {absent[0]!r}; its columns are {columns}{hint}")
    features = data.drop(columns=[*target, *dropped])
    return features, data[list(target)] if target else None


def read_corrections(path: Path) -> dict[str, dict[str, Any]]:
    """The corrections in a TOML file, a table for each feature. Raises: UnusableFile."""
    try:
        corrections = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnusableFile(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableFile(f"{path} is not TOML: {error}") from None
    if stray := [name for name, fields in corrections.items() if not isinstance(fields, dict)]:
        raise UnusableFile(f"{path}: {stray[0]!r} is not a table; write [feature] above the corrections of a feature")
    return corrections


def with_dtypes(path: Path, data: pd.DataFrame, dtypes: dict[str, Any]) -> pd.DataFrame:
    """The data with the dtypes of the training, which a CSV does not store. Raises: UnusableFile."""
    data = data.copy()
    for name, dtype in dtypes.items():
        if name not in data:
            continue  # `infer_signature` reports the unknown feature
        if not isinstance(dtype, str) or not held_by(dtype).kinds:
            raise UnusableFile(f"the feature {name!r} has no valid 'dtype'")
        source = _as_dates(path, data[name]) if dtype.startswith("datetime64") else data[name]
        try:
            column = source.astype(dtype)  # type: ignore[call-overload]
        except (TypeError, ValueError) as error:
            raise UnusableFile(f"{path}: the column {name!r} is not {dtype}: {reason(error)}") from None
        # pandas would turn 0.5 into the integer 0, any string into true, and 0.5 s after midnight into midnight.
        if column.dtype.kind in "biuM" and (strays := source[(column != source) & column.notna()]).size:
            raise UnusableFile(f"{path}: the column {name!r} is not {dtype}: it contains {strays.tolist()[0]!r}")
        data[name] = column
    return data


def date_dtypes(data: pd.DataFrame, corrections: Corrections) -> dict[str, Any]:
    """The dtype of each column that the corrections declare as dates, unless the file has stored one."""
    declared = [name for name, fields in corrections.items() if fields.get("kind") == "date" and name in data]
    return {name: DATES for name in declared if data[name].dtype.kind != "M"}


def _as_dates(path: Path, column: pd.Series[Any]) -> pd.Series[Any]:
    """Strings YYYY-MM-DD, or objects of Python, as a column of dates. Raises: UnusableFile."""
    if column.dtype.kind == "M":
        return column
    if strays := [value for value in column.dropna() if not is_date(str(value))]:
        raise UnusableFile(
            f"{path}: the column {column.name!r} contains {strays[0]!r}, which is no date YYYY-MM-DD: "
            f"convert it with {TO_DATES} before fitting"
        )
    return column.astype(DATES)


def likely_causes(data: pd.DataFrame) -> list[str]:
    """A sentence for each column of strings that an estimator of numbers cannot take."""
    sentences = []
    for name in data.columns:
        column = data[name].dropna()
        if pd.api.types.is_numeric_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
            continue
        strays = column[pd.to_numeric(column, errors="coerce").isna()]
        if 0 < len(strays) < len(column) / 2:
            sentences.append(f"the column {name!r} contains {strays.iloc[0]!r} among numbers, in row {strays.index[0]}")
        elif len(strays) and strays.astype(str).str.fullmatch(r"[-+]?[\d.]*,\d+").all():
            return [f"the column {name!r} has decimal commas: add --decimal ','"]  # the same for all others
        elif are_dates(column.head(1000).tolist()):
            sentences.append(f"the column {name!r} contains dates: {DATES_REMEDY}")
    return sentences
