"""Every setting of the services: its unit, its default, and the sentence that refuses a bad value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

PREFIX = "SERVE_"
HOUR_MS = 3_600_000

# A request that waits in the queue may hold a thread of the server: these remain for health checks, metrics, refusals.
SPARE_THREADS = 8

Runtime = Literal["auto", "sklearn", "onnx"]


class SettingsError(ValueError):
    """A variable that is unknown or has no usable value; the message is a sentence."""


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


def _digest(value: str) -> str:
    if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise ValueError("a SHA-256 in 64 lower-case hexadecimal digits")
    return value


def _setting(default: Any, parse: Callable[[str], Any], unit: str, meaning: str) -> Any:
    return field(default=default, metadata={"parse": parse, "unit": unit, "meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Read once, in `__main__`, from `SERVE_` and the field's name in capitals."""

    artifact: Path = _setting(Path("artifact"), lambda value: Path(_text(value)), "folder", "the artifact to serve")
    artifact_digest: str | None = _setting(
        None,
        _digest,
        "SHA-256",
        "what `manifest.json` must hash to; unset takes what the file `<artifact>.sha256` says, any if there is none",
    )
    allow_other_sklearn: bool = _setting(
        False, _boolean, "true/false", "load an artifact that another scikit-learn trained"
    )
    runtime: Runtime = _setting(
        "auto",
        _one_of("auto", "sklearn", "onnx"),
        "",
        "auto runs the compiled model where it has passed, scikit-learn otherwise",
    )
    host: str = _setting("127.0.0.1", _text, "address", "where to listen; the images say 0.0.0.0")
    port: int = _setting(8000, _integer(0, 65535), "port", "where to listen; 0 takes a free one")
    workers: int = _setting(
        1, _integer(1, 64), "processes", "each predicts on its own, on a core at most; compose.yaml gives one core"
    )
    max_body_bytes: int = _setting(2 * 1024**2, _integer(1), "bytes", "a longer body is refused with 413")
    max_instances: int = _setting(1000, _integer(1), "instances", "more in one request are refused with 422")
    max_batch_rows: int = _setting(
        1000,
        _integer(1),
        "rows",
        "go together in one call of the model; a request is never split, one with more goes alone",
    )
    max_queue_requests: int = _setting(
        64,
        _integer(1, 1024),
        "requests",
        "admitted and not yet answered, per worker; more are refused with 503; where each has a thread, 8 are to spare",
    )
    max_queue_rows: int = _setting(
        16384, _integer(1), "rows", "admitted and not yet answered, per worker; more are refused with 503"
    )
    max_queue_bytes: int = _setting(
        64 * 1024**2,
        _integer(1),
        "bytes",
        "of bodies admitted and not yet answered, per worker; more are refused with 503",
    )
    deadline_ms: int = _setting(
        10_000, _integer(1, HOUR_MS), "ms", "an admitted request that takes longer is answered with 504"
    )
    read_ms: int = _setting(
        10_000, _integer(1, HOUR_MS), "ms", "a request that takes longer to arrive is refused with 400 or cut off"
    )
    drain_ms: int = _setting(
        2_000, _integer(0, HOUR_MS), "ms", "after SIGTERM: not ready but still listening, before the server stops"
    )
    log_format: str = _setting(
        "auto", _one_of("auto", "json", "console"), "", "auto is console on a terminal and json elsewhere"
    )
    log_level: str = _setting("info", _one_of("debug", "info", "warning", "error"), "", "what is logged at the least")
    access_log: bool = _setting(True, _boolean, "true/false", "a line per request")

    def __post_init__(self) -> None:
        if self.max_queue_rows < self.max_instances:
            raise SettingsError(
                f"{PREFIX}MAX_QUEUE_ROWS is {self.max_queue_rows}, "
                f"less than one request may bring ({PREFIX}MAX_INSTANCES is {self.max_instances})."
            )
        if self.max_queue_bytes < self.max_body_bytes:
            raise SettingsError(
                f"{PREFIX}MAX_QUEUE_BYTES is {self.max_queue_bytes}, "
                f"less than one request may bring ({PREFIX}MAX_BODY_BYTES is {self.max_body_bytes})."
            )

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Raises: SettingsError for an unknown `SERVE_` name and for a value that its setting cannot take."""
        known = {variable(setting.name): setting for setting in fields(cls)}
        given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
        if unknown := sorted(given.keys() - known.keys()):
            raise SettingsError(f"{unknown[0]} is no setting; the settings are {', '.join(known)}.")
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
    """The settings as the table in README.md."""
    rows = ["| variable | default | unit | meaning |", "|---|---|---|---|"]
    for setting in fields(Settings):
        assert setting.default is not MISSING
        default = "" if setting.default is None else str(setting.default).lower()
        rows.append(
            f"| `{variable(setting.name)}` | {default} | {setting.metadata['unit']} | {setting.metadata['meaning']} |"
        )
    return "\n".join(rows)
