"""Logs: JSON lines, or readable ones on a terminal; each has the request id, and none has a value of a request."""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from ..settings import Settings
from .access import current_request_id


def _with_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if request_id := current_request_id():
        event.setdefault("request_id", request_id)
    return event


_SHARED: list[Processor] = [
    _with_request_id,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logging(settings: Settings) -> None:
    """Send every logger of the process, including the server's, through one handler to standard error."""
    as_console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)
        if as_console
        else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_values, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    warnings.showwarning = _log_warning  # type: ignore[assignment]  # `warnings` calls it by position
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _log_warning(_message: object, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
    """Log a Python warning without its message, which may repeat a value of the request."""
    logging.getLogger("py.warnings").warning("%s at %s:%d", category.__name__, filename, lineno)


def _without_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace an exception by its type and its stack: its message may repeat a value of the request."""
    error = _exception(event.pop("exc_info", None))
    if error is None:
        return event
    chain: list[BaseException] = []
    while error is not None and error not in chain:  # an exception can be its own cause
        chain.append(error)
        error = error.__cause__ or error.__context__
    event["exception"] = [{"type": type(error).__name__, "at": _places(error)} for error in chain]
    return event


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _exception(exc_info: Any) -> BaseException | None:
    """`exc_info` as logging takes it: an exception, a triple, or true for the one being handled."""
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    if isinstance(exc_info, BaseException):
        return exc_info
    return sys.exception() if exc_info else None
