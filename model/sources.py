"""Copies an artifact's files from where they lie: a folder or an archive, here, on a server or in a bucket.

Standard library only, besides `obstore` for buckets.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from .choice import NAME, ROOT
from .errors import NotObtained, reason

ARCHIVES = (".tar.gz", ".tgz", ".tar")
BUCKETS = ("s3", "gs", "az")
# A file of lines NAME=value. A build mounts it at the second path, so that no layer holds it.
SECRETS, MOUNTED_SECRETS = "SOURCE_SECRETS", "/run/secrets/source"
ACCESS = f"; {SECRETS} can name a file with a token or a key, as docs/deploying.md shows"
PATIENCE_S = 60

# Copies the file of this name. Raises: NotObtained
Copy = Callable[[str, Path], None]


def is_in_a_bucket(source: str | None) -> bool:
    """Whether it takes `obstore`. A registry may keep its files in a bucket."""
    return urlsplit(source or "").scheme in (*BUCKETS, "models")


def copy_from(source: str, scratch: Path) -> Copy:
    """What copies an artifact's files from a source.

    Args:
        scratch: an existing folder for an archive and what is in it.
    Raises: NotObtained
    """
    _read_secrets()
    return _copy_from(source, scratch)


def _read_secrets() -> None:
    """Put the secrets into the environment, where the clients of buckets look for them."""
    path = Path(os.environ.get(SECRETS, MOUNTED_SECRETS))
    if not path.exists():
        if SECRETS in os.environ:
            raise NotObtained(f"{path} does not exist, but {SECRETS} names it")
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if value and not name.startswith("#"):
            os.environ[name.strip()] = value.strip().strip("'\"")


def _copy_from(source: str, scratch: Path) -> Copy:
    scheme, host, path, *_ = urlsplit(source)
    if scheme == "models":
        return _copy_from_registry(path.strip("/"), scratch)
    address = _on_hugging_face(host, path) if scheme == "hf" else source
    if not path.endswith(ARCHIVES):
        return lambda name, to: _download(_below(address, name), to)
    archive, unpacked = scratch / "archive", scratch / "unpacked"
    _download(address, archive)
    try:
        with tarfile.open(archive) as opened:
            opened.extractall(unpacked, filter="data")
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise NotObtained(f"{source} cannot be unpacked: {reason(error)}") from None
    manifests = sorted(unpacked.rglob("manifest.json"), key=lambda path: len(path.parts))
    if not manifests:
        raise NotObtained(f"{source} contains no manifest.json")
    return lambda name, to: _copy_file(manifests[0].parent / name, to)


def _copy_from_registry(model: str, scratch: Path) -> Copy:
    """From MLflow's `models:/name/version`."""
    name, _, version = model.rpartition("/")
    server = os.environ.get("MLFLOW_TRACKING_URI", "").rstrip("/")
    if not (name and version and server):
        raise NotObtained("a source in MLflow is models:/<name>/<version>, and MLFLOW_TRACKING_URI names the server")

    def asked(method: str, **parameters: str) -> Any:
        answer = scratch / "answer"
        _request(f"{server}/api/2.0/mlflow/{method}?{urlencode(parameters)}", _mlflow_authorization(), answer)
        return json.loads(answer.read_bytes())

    address: str = asked("model-versions/get-download-uri", name=name, version=version)["artifact_uri"]
    if address.startswith("runs:/"):
        run, _, folder = address.removeprefix("runs:/").partition("/")
        address = _below(asked("runs/get", run_id=run)["run"]["info"]["artifact_uri"], folder)
    if not address.startswith("mlflow-artifacts:"):
        return _copy_from(address, scratch)
    folder = f"{server}/api/2.0/mlflow-artifacts/artifacts/{urlsplit(address).path.strip('/')}"
    return lambda name, to: _request(_below(folder, name), _mlflow_authorization(), to)


def _on_hugging_face(owner: str, path: str) -> str:
    """The address of `hf://owner/repository@revision/path`; without a revision, it is that of `main`."""
    repository, _, below = path.strip("/").partition("/")
    repository, _, revision = repository.partition("@")
    return f"{_hugging_face()}/{owner}/{repository}/resolve/{quote(revision or 'main', safe='')}/{below}"


def _hugging_face() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def _below(folder: str, name: str) -> str:
    """The address of a file in a folder. A query, such as a signature, stays at the end."""
    parts = urlsplit(folder)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{name}").geturl()


def _download(address: str, to: Path) -> None:
    scheme, host, path, *_ = urlsplit(address)
    if scheme in BUCKETS:
        _download_from_bucket(address, to)
    elif scheme in ("http", "https"):
        token = os.environ.get("HF_TOKEN" if host == urlsplit(_hugging_face()).netloc else "SOURCE_TOKEN")
        _request(address, f"Bearer {token}" if token else None, to)
    elif scheme in ("", "file"):
        _copy_file(ROOT / path, to)
    else:
        raise NotObtained(f"the source in {NAME} begins with {scheme}:, which docs/deploying.md does not list")


def _copy_file(source: Path, to: Path) -> None:
    try:
        shutil.copyfile(source, to)
    except OSError as error:
        raise NotObtained(f"{source} cannot be read: {error.strerror}") from None


def _request(address: str, authorization: str | None, to: Path) -> None:
    request = Request(address)  # noqa: S310 (only http and https come here)
    if authorization:
        # Not repeated to another host that this one redirects to.
        request.add_unredirected_header("Authorization", authorization)
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer, to.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
    except HTTPError as error:
        remedy = ACCESS if error.code in (401, 403) else ""
        raise NotObtained(
            f"{address} cannot be fetched: the server answers {error.code} {error.reason}{remedy}"
        ) from None
    except URLError as error:
        raise NotObtained(f"{address} cannot be fetched: {error.reason}") from None
    except OSError as error:
        raise NotObtained(f"{address} cannot be fetched: {reason(error)}") from None


def _download_from_bucket(address: str, to: Path) -> None:
    try:
        import obstore
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
        from obstore.store import from_url
    except ImportError:
        raise NotObtained(f"{address} cannot be fetched without obstore, which `make install` installs") from None
    folder, _, name = address.rpartition("/")
    try:
        with to.open("wb") as file:
            for part in obstore.get(from_url(folder), name):
                file.write(part)
    except (BaseError, OSError, ValueError) as error:
        # Pages of the server's answer and of the client's state follow.
        first_line = str(error).partition("\n")[0]
        remedy = ACCESS if isinstance(error, PermissionDeniedError | UnauthenticatedError) else ""
        raise NotObtained(f"{address} cannot be fetched: {first_line}{remedy}") from None


def _mlflow_authorization() -> str | None:
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return f"Bearer {token}"
    if user := os.environ.get("MLFLOW_TRACKING_USERNAME"):
        pair = f"{user}:{os.environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
        return f"Basic {b64encode(pair.encode()).decode()}"
    return None
