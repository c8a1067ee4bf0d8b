"""Every setting of the services: its unit, its default, and the error message for an invalid value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

PREFIX = "SERVE_"
HOUR_MS = 3_600_000

# As in `model.artifact`, whose import is too early here: it imports libraries that read the environment.
Runtime = Literal["auto", "sklearn", "onnx"]


class SettingsError(ValueError):
    """An unknown variable or an invalid value; the message is one sentence for the operator."""


def _text(value: str) -> str:
    if not value:
        raise ValueError("a text that is not empty")
    return value


def _boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError("true or false")
    return value.lower() == "true"


def _integer(least: int, most: int | None = None) -> Callable[[str], int]:
    def parse(value: str) -> int:
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 19 else -1
        if number < least or (most is not None and number > most):
            raise ValueError(f"an integer of at least {least}" + (f" and at most {most}" if most else ""))
        return number

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"one of: {', '.join(choices)}")
        return value

    return parse


def _rows_in_place(value: str) -> int | Literal["auto"]:
    if value == "auto":
        return "auto"
    try:
        return _integer(0)(value)
    except ValueError:
        raise ValueError("auto or an integer of at least 0") from None


def _digest(value: str) -> str:
    if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise ValueError("a SHA-256 in 64 lower-case hexadecimal digits")
    return value


def _setting(default: Any, parse: Callable[[str], Any], unit: str, meaning: str) -> Any:
    return field(default=default, metadata={"parse": parse, "unit": unit, "meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Read once per process, at its start. The variable of a field is `SERVE_` and its name in capitals."""

    artifact: Path = _setting(Path("artifact"), lambda value: Path(_text(value)), "folder", "the artifact to serve")
    artifact_digest: str | None = _setting(
        None,
        _digest,
        "SHA-256",
        "the SHA-256 that `manifest.json` must have; unset: the one in the file `<artifact>.sha256`, or any if there "
        "is no such file",
    )
    allow_other_sklearn: bool = _setting(
        False, _boolean, "true/false", "load an artifact that another version of scikit-learn trained"
    )
    runtime: Runtime = _setting(
        "auto",
        _one_of("auto", "sklearn", "onnx"),
        "",
        "auto: the compiled model if it passed its checks, otherwise scikit-learn",
    )
    host: str = _setting("127.0.0.1", _text, "address", "the address to listen on; the images set 0.0.0.0")
    port: int = _setting(8000, _integer(0, 65535), "port", "the port to listen on; 0 takes a free one")
    workers: int = _setting(
        1, _integer(1, 64), "processes", "each uses one core at most; compose.yaml gives a service one core"
    )
    max_body_bytes: int = _setting(2 * 1024**2, _integer(1), "bytes", "a longer body gets 413")
    max_instances: int = _setting(1000, _integer(1), "instances", "a request with more gets 422")
    max_batch_rows: int = _setting(
        1000,
        _integer(1),
        "rows",
        "the most in one model call; a request is never split, and a larger one gets a call of its own",
    )
    rows_in_place: int | Literal["auto"] = _setting(
        "auto",
        _rows_in_place,
        "rows",
        "a request with at most this many rows calls the model in place, without the queue; auto measures the limit at "
        "the start, 0 always uses the queue",
    )
    max_queue_requests: int = _setting(
        64,
        _integer(1, 1024),
        "requests",
        "the most that wait for predictions, per worker; further requests get 503",
    )
    max_queue_rows: int = _setting(
        16384, _integer(1), "rows", "the most that wait for predictions, per worker; further requests get 503"
    )
    deadline_ms: int = _setting(10_000, _integer(1, HOUR_MS), "ms", "an admitted request that takes longer gets 504")
    drain_ms: int = _setting(
        2_000,
        _integer(0, HOUR_MS),
        "ms",
        "how long `/readyz` answers 503 after SIGTERM while predictions are still answered; then the server stops",
    )
    log_format: str = _setting(
        "auto", _one_of("auto", "json", "console"), "", "auto: console on a terminal, json elsewhere"
    )
    log_level: str = _setting(
        "info", _one_of("debug", "info", "warning", "error"), "", "the lowest level that is logged"
    )
    access_log: bool = _setting(True, _boolean, "true/false", "one log line per request")

    def __post_init__(self) -> None:
        if self.max_queue_rows < self.max_instances:
            raise SettingsError(
                f"{PREFIX}MAX_QUEUE_ROWS is {self.max_queue_rows}, "
                f"less than one request may have ({PREFIX}MAX_INSTANCES is {self.max_instances})."
            )

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Raises: SettingsError for an unknown `SERVE_` name and for an invalid value."""
        known = {variable(setting.name): setting for setting in fields(cls)}
        given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
        if unknown := sorted(given.keys() - known.keys()):
            raise SettingsError(f"{unknown[0]} is not a setting; the settings are {', '.join(known)}.")
        values = {}
        for name, value in given.items():
            try:
                values[known[name].name] = known[name].metadata["parse"](value)
            except ValueError as expected:
                raise SettingsError(f"{name} is {value!r}, but takes {expected}.") from None
        return cls(**values)


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def settings_table() -> str:
    """The settings as the table in docs/operations.md."""
    rows = ["| variable | default | unit | meaning |", "|---|---|---|---|"]
    for setting in fields(Settings):
        assert setting.default is not MISSING
        default = "" if setting.default is None else str(setting.default).lower()
        rows.append(
            f"| `{variable(setting.name)}` | {default} | {setting.metadata['unit']} | {setting.metadata['meaning']} |"
        )
    return "\n".join(rows)
