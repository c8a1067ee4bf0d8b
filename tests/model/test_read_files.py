"""Reading an author's files, and the errors for invalid ones."""

from __future__ import annotations

import pickle
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import joblib
import pandas as pd
import pytest
import sklearn
from sklearn.linear_model import LinearRegression

from model.errors import UnusableFile
from model.packaging.read_files import (
    date_dtypes,
    likely_causes,
    read_corrections,
    read_data,
    read_estimator,
    with_dtypes,
)

ZIP = b"PK\x05\x06" + bytes(18)  # without files in it
ESTIMATOR = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])


@pytest.mark.parametrize("compress", [False, "zlib", "gzip", "bz2", "lzma", "xz"])
def test_opens_a_joblib_file(tmp_path, compress):
    joblib.dump(ESTIMATOR, tmp_path / "file", compress=compress and (compress, 3))

    assert read_estimator(tmp_path / "file").coef_ == ESTIMATOR.coef_


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_opens_a_pickle_file(tmp_path, protocol):
    (tmp_path / "file").write_bytes(pickle.dumps(ESTIMATOR, protocol))

    assert read_estimator(tmp_path / "file").coef_ == ESTIMATOR.coef_


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_version_mismatch_names_both_versions_and_the_fix(tmp_path, protocol):
    older = pickle.dumps(ESTIMATOR, protocol).replace(sklearn.__version__.encode(), b"1.0.2")
    (tmp_path / "file").write_bytes(older)

    with pytest.raises(UnusableFile) as refusal:
        read_estimator(tmp_path / "file")

    assert str(refusal.value) == (
        f"{tmp_path}/file was pickled by scikit-learn 1.0.2, but {sklearn.__version__} is installed: fit it again "
        f"with {sklearn.__version__}, or install the other: make add PACKAGES=scikit-learn==1.0.2"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "{path} is empty"),
        (b"estimator", "{path} cannot be opened as a pickle: "),
        (b"customer,months\n1,2\n", "{path} cannot be opened as a pickle: ModuleNotFoundError: "),
        (pickle.dumps(ESTIMATOR)[:-40], "{path} cannot be opened as a pickle: "),
        (b"csklearn\nNothing\n.", "{path} cannot be opened as a pickle: AttributeError: "),
        (
            b"cnowhere.to.be\nfound\n.",
            "{path} needs the module 'nowhere', which cannot be imported here: put a module ",
        ),
        (b"c__main__\nScaler\n.", "{path}: 'Scaler' was defined in __main__, a script or a notebook, where nothing "),
        (ZIP, "{path} is a zip file: if skops wrote it, open it with skops.io.load and write it with joblib.dump"),
        (b"\x80\x04\x8c\x08__main__\x8c\x06Scaler\x93.", "{path}: 'Scaler' was defined in __main__, a script or a "),
    ],
    ids=[
        "empty",
        "text",
        "a table",
        "cut off",
        "an unknown name",
        "an unknown module",
        "of a script",
        "a zip",
        "of a notebook",
    ],
)
def test_refuses_an_unusable_pickle(tmp_path, content, sentence):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(UnusableFile) as refusal:
        read_estimator(path)

    assert str(refusal.value).startswith(sentence.format(path=path))
    assert "\n" not in str(refusal.value)


def test_names_lz4_if_it_is_not_installed(tmp_path):
    (tmp_path / "file").write_bytes(b"\x04\x22\x4d\x18")
    if find_spec("lz4"):
        pytest.skip("lz4 is installed")

    with pytest.raises(UnusableFile) as refusal:
        read_estimator(tmp_path / "file")

    assert str(refusal.value) == (
        f"{tmp_path}/file is compressed with lz4, which is not installed: write it again with compress=3, "
        "or run .venv/bin/pip install lz4"
    )


@pytest.mark.parametrize("read", [read_estimator, read_data, read_corrections])
def test_reports_why_a_file_cannot_be_read(tmp_path, read):
    with pytest.raises(UnusableFile, match=r"/none cannot be read: No such file or directory$"):
        read(tmp_path / "none")
    with pytest.raises(UnusableFile, match=r" cannot be read: Is a directory$"):
        read(tmp_path)


TABLE = "size,colour\n1.5,red\n2.5,\n"


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (TABLE.encode(), {}),
        (TABLE.encode("utf-8-sig"), {}),
        (TABLE.replace("\n", "\r\n").encode(), {}),
        (TABLE.replace("\n", ",\n").replace("colour,", "colour").encode(), {}),
        (TABLE.encode("utf-16"), {"encoding": "utf-16"}),
        (TABLE.replace(",", ";").encode(), {"separator": ";"}),
        (TABLE.replace(",", ";").replace(".", ",").encode(), {"separator": ";", "decimal": ","}),
        (TABLE.replace(",", "\t").encode(), {"separator": "\t"}),
        (TABLE.replace(",", "\t").encode(), {"separator": r"\t"}),
    ],
    ids=[
        "plain",
        "BOM",
        "CRLF",
        "rows end with a separator",
        "UTF-16",
        "semicolons",
        "decimal commas",
        "tabs",
        "tabs, as a shell says it",
    ],
)
def test_reads_a_table(tmp_path, content, options):
    (tmp_path / "file").write_bytes(content)

    data = read_data(tmp_path / "file", **options)

    assert list(data.columns) == ["size", "colour"]
    assert data["size"].tolist() == [1.5, 2.5]
    assert data["colour"].isna().tolist() == [False, True]


def test_reads_numbers_exactly(tmp_path):
    (tmp_path / "file").write_text("size\n0.30000000000000004\n")

    assert read_data(tmp_path / "file")["size"].tolist() == [0.30000000000000004]


def test_reads_a_parquet_file_if_pyarrow_is_installed(tmp_path):
    table = pd.DataFrame({"size": pd.array([1, None], dtype="Int64"), "colour": pd.Categorical(["red", "blue"])})
    path = tmp_path / "table.parquet"
    if find_spec("pyarrow"):
        table.to_parquet(path)
        pd.testing.assert_frame_equal(read_data(path), table)
        return

    with pytest.raises(UnusableFile) as refusal:
        read_data(path)

    assert str(refusal.value) == (
        f"{path} needs pyarrow, which is not installed: run .venv/bin/pip install pyarrow, or write a CSV"
    )


def test_keeps_strings_unchanged(tmp_path):
    (tmp_path / "file").write_text("code,size\n01234,01\n,02\n")

    data = read_data(tmp_path / "file", strings=["code", "no such column"])

    assert data["code"].tolist()[:1] == ["01234"]
    assert data["code"].isna().tolist() == [False, True]
    assert data["size"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (b"", {}, "{path} is empty"),
        (b"\n\n", {}, "{path} is empty"),
        (b"size,colour\n", {}, "{path} has no rows"),
        (
            b"size;colour\n1,5;red\n",
            {},
            "{path} is separated by semicolons: add --separator ';', and --decimal ',' for 1,5",
        ),
        (b"size,colour,size\n1,red,2\n", {}, "{path} has more than one column 'size'"),
        (b"size,size.1,size\n1,red,2\n", {}, "{path} has more than one column 'size'"),
        (
            b"size,colour\n1,red\n1,red,2\n",
            {},
            "{path} is not a CSV table: Error tokenizing data. C error: Expected 2 ",
        ),
        (b"size,colour\n1,red,2\n1,red,2\n", {}, "{path} has rows with more fields than its header"),
        (b'size,colour\n1,"red\n', {}, "{path} is not a CSV table: Error tokenizing data. C error: EOF inside string"),
        ("größe\n1\n".encode("latin-1"), {}, "{path} is not utf-8: name its encoding, for example --encoding latin-1"),
        (TABLE.encode("utf-16"), {}, "{path} is not utf-8: name its encoding, for example --encoding latin-1"),
        (TABLE.encode(), {"encoding": "utf-16"}, "{path} is not a CSV table: UTF-16 stream does not start with BOM"),
        (TABLE.encode(), {"encoding": "klingon"}, "there is no encoding 'klingon'"),
        (TABLE.encode(), {"encoding": "rot13"}, "there is no encoding 'rot13'"),
        (TABLE.encode(), {"separator": ""}, "a separator must be one ASCII character, not ''"),
        (TABLE.encode(), {"separator": "::"}, "a separator must be one ASCII character, not '::'"),
        (TABLE.encode(), {"separator": "\n"}, "{path} is not a CSV table: Specified '\\n' as separator or delimiter, "),
    ],
)
def test_refuses_an_invalid_table(tmp_path, content, options, sentence):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(UnusableFile) as refusal:
        read_data(path, **options)

    assert str(refusal.value).startswith(sentence.format(path=path))
    assert not str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[size\n", "{path} is not TOML: Expected ']' at the end of a table declaration (at line 1, column 6)"),
        (b"\xff\xfe", "{path} is not TOML: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        (b'unit = "mm"', "{path}: 'unit' is not a table; write [feature] above the corrections of a feature"),
        (b'[[size]]\nunit = "mm"', "{path}: 'size' is not a table; write [feature] above the corrections of a feature"),
    ],
)
def test_refuses_invalid_corrections(tmp_path, content, sentence):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(UnusableFile) as refusal:
        read_corrections(path)

    assert str(refusal.value) == sentence.format(path=path)


@pytest.mark.parametrize(
    ("values", "dtype", "converted"),
    [
        ("1,2", "float32", [1.0, 2.0]),
        ("1,2", "int8", [1, 2]),
        ("1,0", "bool", [True, False]),
        ("True,False", "boolean", [True, False]),
        ("low,high", "category", ["low", "high"]),
    ],
)
def test_converts_a_column_to_its_training_dtype(tmp_path, values, dtype, converted):
    (tmp_path / "file").write_text("\n".join(["self", *values.split(",")]))

    data = with_dtypes(tmp_path / "file", read_data(tmp_path / "file"), {"self": dtype})

    assert str(data["self"].dtype) == dtype
    assert data["self"].tolist() == converted


def test_keeps_missing_values_in_nullable_dtypes(tmp_path):
    (tmp_path / "file").write_text("rooms,more\n1,1\n,2\n")

    data = with_dtypes(tmp_path / "file", read_data(tmp_path / "file"), {"rooms": "Int64"})

    assert data["rooms"].isna().tolist() == [False, True]
    assert data["rooms"].tolist()[0] == 1


@pytest.mark.parametrize(
    ("values", "dtype", "sentence"),
    [
        ("0.5,1", "int64", "the column 'size' is not int64: it contains 0.5"),
        ("1,300", "int8", "the column 'size' is not int8: it contains 300"),
        ("1,2", "bool", "the column 'size' is not bool: it contains 2"),
        ("yes,no", "bool", "the column 'size' is not bool: it contains 'yes'"),
        ("30.11.2026", "datetime64[us]", "the column 'size' contains '30.11.2026', which is no date YYYY-MM-DD: "),
        ("2026-02-30", "datetime64[us]", "the column 'size' contains '2026-02-30', which is no date YYYY-MM-DD: "),
        ("20261130", "datetime64[us]", "the column 'size' contains 20261130, which is no date YYYY-MM-DD: "),
        ("1066-10-14", "datetime64[ns]", "the column 'size' is not datetime64[ns]: OutOfBoundsDatetime: "),
        ("0.5,1", "Int64", "the column 'size' is not Int64: TypeError: "),
        (
            "unknown,1",
            "float64",
            "the column 'size' is not float64: ValueError: could not convert string to float: 'unk",
        ),
    ],
)
def test_refuses_a_dtype_that_would_change_values(tmp_path, values, dtype, sentence):
    path = tmp_path / "file"
    path.write_text("\n".join(["size", *values.split(",")]))

    with pytest.raises(UnusableFile) as refusal:
        with_dtypes(path, read_data(path), {"size": dtype})

    assert str(refusal.value).startswith(f"{path}: {sentence}")


@pytest.mark.parametrize(
    "dtype", ["", "int46", "datetime64", "datetime64[ns, UTC]", "Sparse[float]", "V8", 64, ["int64"], {}]
)
def test_refuses_unknown_dtypes(tmp_path, dtype):
    (tmp_path / "file").write_text("size\n1\n")
    data = read_data(tmp_path / "file")

    with pytest.raises(UnusableFile, match=r"^the feature 'size' has no valid 'dtype'$"):
        with_dtypes(tmp_path / "file", data, {"size": dtype})


def test_reads_declared_dates_as_pandas_would(tmp_path):
    path = tmp_path / "file"
    path.write_text("since,until\n2026-11-30,2026-12-01\n,\n")
    data = read_data(path)

    dated = with_dtypes(path, data, date_dtypes(data, {"since": {"kind": "date"}, "until": {}, "other": {}}))

    assert dated["since"].tolist() == [pd.Timestamp("2026-11-30"), pd.NaT]
    assert dated["since"].dtype == pd.read_csv(path, parse_dates=["since"])["since"].dtype
    assert dated["until"].dtype == data["until"].dtype


def test_takes_the_dates_of_a_parquet_file_as_they_are():
    nanoseconds = pd.Series(["2026-11-30"], dtype="datetime64[ns]")
    data = pd.DataFrame({"stored": nanoseconds, "objects": [date(2026, 11, 30)]})
    dtypes = date_dtypes(data, {"stored": {"kind": "date"}, "objects": {"kind": "date"}})

    dated = with_dtypes(Path("file"), data, dtypes)

    assert dated.dtypes.astype(str).to_dict() == {"stored": "datetime64[ns]", "objects": "datetime64[us]"}
    assert dated["objects"].tolist() == [pd.Timestamp("2026-11-30")]


def test_refuses_a_dtype_that_would_cut_off_a_time():
    data = pd.DataFrame({"since": pd.to_datetime(["2026-11-30 00:00:00.5"])})

    with pytest.raises(UnusableFile, match=r"^file: the column 'since' is not datetime64\[s\]: it contains Timestamp"):
        with_dtypes(Path("file"), data, {"since": "datetime64[s]"})


@pytest.mark.parametrize(
    ("values", "sentences"),
    [
        (["1.5", "2", "unknown", None], ["the column 'x' contains 'unknown' among numbers, in row 2"]),
        (["1,5", "2", "-1.000,25", None], ["the column 'x' has decimal commas: add --decimal ','"]),
        (
            ["2026-12-01", "2026-12-02", None],
            [
                "the column 'x' contains dates: if they are YYYY-MM-DD and the model takes datetime64, add the "
                'correction kind = "date"; otherwise convert them with pd.to_datetime(..., errors="coerce") before '
                "fitting"
            ],
        ),
        (["red", "blue"], []),
        ([1.5, 2.0], []),
    ],
    ids=["a word among numbers", "decimal commas", "dates", "words", "numbers"],
)
def test_explains_why_an_estimator_may_fail(values, sentences):
    assert likely_causes(pd.DataFrame({"x": values})) == sentences
